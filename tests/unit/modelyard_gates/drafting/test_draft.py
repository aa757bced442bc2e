"""A draft: key, personal columns, delivery and bounds as the sample suggests, or as a person says."""

import polars as pl
import pytest
import yaml

from modelyard.errors import SampleRefusedError
from modelyard.gates.drafting.bounds import common_pattern, number_limits
from modelyard.gates.drafting.draft import Wishes, clean_names
from modelyard.gates.drafting.identifying import is_identifier
from modelyard.gates.drafting.personal import guess_personal
from modelyard.gates.drafting.sample import read_sample
from modelyard.gates.drafting.writing import render_contract
from modelyard.gates.judge import judge
from modelyard.gates.loading import load_contract
from modelyard.gates.rules.compiled import CompiledEngine


def column(draft, name):
    return next(one for one in draft.columns if one.name == name)


def judged(path, contract):
    return judge(path, contract, history=[], stored_keys=pl.DataFrame, rules=CompiledEngine()).report


@pytest.fixture
def contract(drafted, tmp_path):
    path = tmp_path / "contract.yaml"
    path.write_text(render_contract(drafted()), encoding="utf-8")
    return load_contract(path)


def test_the_sample_keeps_its_own_contract(written, contract):
    report = judged(written(), contract)
    assert report.accepted, report.findings
    assert contract.key == ("orderNo",)
    assert contract.delivery == "increment"


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (lambda frame: frame.with_columns(pl.lit("-5").alias("amount")), "amount"),
        (lambda frame: frame.with_columns((pl.col("pieces").cast(pl.Int64) * 100).alias("pieces")), "pieces"),
        (lambda frame: frame.with_columns(pl.lit("lost").alias("status")), "status"),
        (lambda frame: frame.with_columns(pl.lit("").alias("amount")), "amount"),
        (lambda frame: frame.with_columns(pl.lit("").alias("weight")), "weight"),
        (lambda frame: frame.with_columns(pl.lit("12").alias("zip")), "zip"),
        (lambda frame: pl.concat([frame, frame.head(1)]), "orderNo"),
        (lambda frame: frame.head(20), "table"),
        (lambda frame: frame.rename({"status": "state"}), "state"),
    ],
)
def test_what_is_far_from_the_sample_breaks_it(written, contract, change, subject):
    path = written()
    change(pl.read_csv(path, infer_schema=False)).write_csv(path)
    report = judged(path, contract)
    assert not report.accepted
    assert subject in {one.subject for one in report.findings}


def test_what_is_a_little_further_than_the_sample_keeps_it(written, contract):
    path = written(lambda frame: frame.with_columns((pl.col("amount").cast(pl.Float64) * 1.2).round(2)))
    assert judged(path, contract).accepted


def test_personal_columns_are_dropped_or_hashed_and_their_values_stay_out_of_the_contract(drafted):
    draft = drafted()
    assert column(draft, "E-Mail").personal.clean == "drop"
    assert column(draft, "Customer ID").personal.clean == "hash"
    assert {one.name for one in draft.columns if one.personal} == {"E-Mail", "Customer ID"}
    assert "someone" not in render_contract(draft)


def test_every_line_of_review_names_what_to_look_at(drafted):
    said = "\n".join(drafted(lambda frame: frame.head(50)).review)
    for word in ("key: orderNo", "delivery: increment", "E-Mail: likely personal", "bounds: 50 rows"):
        assert word in said


def test_a_persons_word_goes_before_the_samples(drafted):
    wishes = Wishes(key=("Customer ID", "orderNo"), delivery="snapshot", personal={"E-Mail": "keep", "zip": "drop"})
    draft = drafted(wishes=wishes)
    assert (draft.key, draft.delivery) == (("Customer ID", "orderNo"), "snapshot")
    assert column(draft, "E-Mail").personal is None
    assert column(draft, "zip").personal.clean == "drop"


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(key=("status",)), "is no key.*rows share"),
        (Wishes(key=("weight",)), "is no key"),
        (Wishes(key=("number",)), "no column 'number'"),
        (Wishes(personal={"mail": "drop"}), "no column 'mail'"),
    ],
)
def test_a_wish_that_does_not_fit_the_sample_is_refused(drafted, wishes, said):
    with pytest.raises(SampleRefusedError, match=said):
        drafted(wishes=wishes)


def test_a_key_may_take_several_columns(drafted):
    def twice(frame):
        half = frame.head(200).with_columns(pl.lit("2024-12-31 00:00:00").alias("ordered_at"))
        return pl.concat([frame.head(200), half]).drop("day")

    assert set(drafted(twice).key) == {"orderNo", "ordered_at"}


def test_no_key_is_said_and_no_reason_to_stop(drafted):
    draft = drafted(lambda frame: pl.concat([frame.select("status", "pieces", "amount")] * 2))
    assert draft.key == ()
    assert "no column or combination names a row" in draft.review[0]


def test_rows_without_a_time_are_a_snapshot(drafted):
    assert drafted(lambda frame: frame.drop("ordered_at", "day")).delivery == "snapshot"


def test_names_in_clean_are_plain_and_different():
    assert clean_names(["Customer ID", "customerId", "% paid", "2023", "Größe", "!"]) == {
        "Customer ID": "customer_id",
        "customerId": "customer_id_2",
        "% paid": "paid",
        "2023": "column_2023",
        "Größe": "gre",
        "!": "column",
    }


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("contact", ["ada@example.com", "bob@example.org"], "e-mail address"),
        ("call", ["+49 30 1234567", "(030) 7654321"], "telephone number"),
        ("host", ["10.0.0.1", "10.0.0.2"], "IP address"),
        ("tax", ["123-45-6789", "987-65-4321"], "social security number"),
        ("name", ["Ada Lovelace", "Alan Turing"], "name of a person"),
        ("last_name", ["Lovelace", "Turing"], "name of a person"),
        ("birth_date", ["1815-12-10", "1912-06-23"], "date of birth"),
        ("patient_no", ["17", "18"], "number of a person"),
        ("name", ["north", "south"], None),
        ("product_name", ["chair", "table"], None),
        ("order_id", ["1", "2"], None),
        ("phone_service", ["Yes", "Yes"], None),
    ],
)
def test_personal_columns_are_known_by_name_or_by_their_values(name, values, what):
    guess = guess_personal(pl.Series(name, values), in_key=False)
    assert (guess and guess.what) == what


def test_a_personal_key_is_hashed_so_that_rows_still_find_each_other():
    assert guess_personal(pl.Series("email", ["a@b.de", "c@d.de"]), in_key=True).clean == "hash"


@pytest.mark.parametrize(
    ("name", "found"), [("customerID", True), ("order_no", True), ("paid", False), ("grid", False)]
)
def test_identifiers_are_known_by_their_last_word(name, found):
    assert is_identifier(name) is found


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([3, 40], (0, 59)),
        ([-3.0, 4.0], (-4.8, 7.5)),
        ([0.1, 0.9], (0, 1)),
        ([2013, 2014], (2003, 2024)),
        ([5.0, 5.0], (3.7, 7.5)),
        ([-9, -2], (-11, 0)),
    ],
)
def test_bounds_have_slack_and_keep_the_sign(values, limits):
    found = number_limits(pl.Series("x", values), ())
    assert (found["minimum"], found["maximum"]) == limits


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (["AB-1234", "CD-99"], "^[A-Z]{2}\\-[0-9]{1,5}$"),
        (["A", "B"], "^[A-Z]$"),
        (["north", "south"], ""),
        (["A1", "1A"], ""),
    ],
)
def test_texts_of_one_shape_get_a_pattern(values, pattern):
    assert common_pattern(pl.Series("x", values)) == pattern


def test_the_file_is_one_column_a_line_and_says_that_it_is_a_draft(drafted):
    text = render_contract(drafted())
    document = yaml.safe_load(text)
    assert document["status"] == "draft"
    assert len([line for line in text.splitlines() if line.startswith("      - {name:")]) == 11
    assert document["servers"][0]["path"] == "orders.csv"


def test_a_weakened_draft_would_be_caught(written, drafted, tmp_path):
    """Without its bounds, the contract lets the wrong sign through."""
    document = yaml.safe_load(render_contract(drafted()))
    for one in document["schema"][0]["properties"]:
        one.pop("logicalTypeOptions", None)
    path = tmp_path / "contract.yaml"
    path.write_text(yaml.safe_dump(document))
    file = written(lambda frame: frame.with_columns(pl.lit("-5").alias("amount")))
    assert judged(file, load_contract(path)).accepted


def test_the_sample_of_a_wide_file_is_drafted_too(tmp_path):
    path = tmp_path / "wide.csv"
    pl.DataFrame({f"c{place}": [str(row * place) for row in range(30)] for place in range(300)}).write_csv(path)
    assert len(read_sample(path).types) == 300
