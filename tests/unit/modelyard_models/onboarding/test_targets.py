"""What is predicted: said by a person, or found in the table."""

from datetime import date

import polars as pl
import pytest

from modelyard.errors import InvalidModelError
from modelyard.models.onboarding.targets import find_target, propose_target

FRAME = pl.DataFrame(
    {
        "left": ["Yes", "No", "No", None],
        "paid": [True, False, True, True],
        "grade": [1, 2, 1, 2],
        "price": [1.5, 2.5, 3.5, 4.5],
        "colour": ["red", "blue", "green", "red"],
        "born": [date(2000, 1, 1 + day) for day in range(4)],
        "same": ["x"] * 4,
        "gone": pl.Series([None] * 4, dtype=pl.Float64),
    }
)


@pytest.mark.parametrize(
    ("said", "task", "code", "labels", "values"),
    [
        ("left", "binary", 'pl.col("left").eq("Yes")', ("No", "Yes"), [1, 0, 0, None]),
        ("left=No", "binary", 'pl.col("left").eq("No")', ("Yes", "No"), [0, 1, 1, None]),
        ("paid", "binary", 'pl.col("paid")', ("not paid", "paid"), [1, 0, 1, 1]),
        ("grade", "binary", 'pl.col("grade").eq(2)', ("not grade", "grade"), [0, 1, 0, 1]),
        ("colour=red", "binary", 'pl.col("colour").eq("red")', ("not red", "red"), [1, 0, 0, 1]),
        ("price > 2.5", "binary", 'pl.col("price").gt(2.5)', ("at most 2.5", "above 2.5"), [0, 0, 1, 1]),
        ("price", "regression", 'pl.col("price")', (), [1.5, 2.5, 3.5, 4.5]),
    ],
)
def test_a_target_is_understood_and_says_itself_again(said, task, code, labels, values):
    target = find_target(FRAME, said)
    assert (target.task, target.code, target.labels) == (task, code, labels)
    assert target.of(FRAME).to_list() == values
    assert FRAME.select(eval(code, {"pl": pl}).cast(pl.Float64)).to_series().to_list() == values
    assert find_target(FRAME, target.said) == target


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("colour", "3 values .*allowed are two, or one of them"),
        ("color", "no column 'color'.*found left, paid"),
        ("left=Maybe", "never 'Maybe'; among its values are No, Yes"),
        ("price=2.5", "never"),
        ("price>high", "no number with a number"),
        ("colour>2", "no number with a number"),
        ("price>9", "above 9 in 0 of 4 rows; it ranges from 1.5 to 4.5"),
        ("born", "cannot be predicted"),
        ("same", "one value, 'x'"),
        ("gone", "no value"),
        ("left or right", "not understood; allowed: COLUMN"),
        ("", "not understood"),
    ],
)
def test_a_target_that_cannot_be_is_refused_with_what_can(said, why):
    with pytest.raises(InvalidModelError, match=why) as caught:
        find_target(FRAME, said)
    assert "modelyard model new NAME --target" in caught.value.hint


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["price", "left", "colour"], "price"),
        (["colour", "left", "born"], "left"),
        (["paid", "price"], "price"),
        (["grade", "colour"], "grade"),
        (["paid", "born"], "paid"),
    ],
)
def test_the_likeliest_target_is_proposed(columns, found):
    assert propose_target(FRAME.select(columns)).column == found


def test_a_table_without_anything_to_predict_says_so():
    with pytest.raises(InvalidModelError, match=r"no column suggests itself.*found colour, born, same"):
        propose_target(FRAME.select("colour", "born", "same"))
