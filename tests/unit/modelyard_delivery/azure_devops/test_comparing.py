"""What counts as a difference."""

import pytest

from modelyard.delivery.azure_devops.bootstrapping.comparing import differences, merged


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": 1}, {"a": 1, "theirs": 2}),
        ({"a": True}, {"a": "true"}),
        ({"a": "false"}, {"a": False}),
        ({"a": None}, {}),
        ({"a": []}, {"a": None}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "theirs": 2}]}),
        ({"a": 1}, {"a": "1"}),
    ],
)
def test_the_same(wanted, found):
    assert differences(wanted, found) == ()


@pytest.mark.parametrize(
    ("wanted", "found", "said"),
    [
        ({"a": 1}, {"a": 2}, "a: 2 → 1"),
        ({"a": {"b": True}}, {"a": {"b": False}}, "a.b: false → true"),
        ({"a": {"b": 1}}, {}, "a.b: nothing → 1"),
        ({"a": [1]}, {"a": [1, 2]}, "a: 2 entries → 1"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b: 2 → 1"),
        ({"a": "Main"}, {"a": "main"}, "a: main → Main"),
        ({"a": False}, {"a": True}, "a: true → false"),
    ],
)
def test_a_difference_says_what_is_and_what_should_be(wanted, found, said):
    assert differences(wanted, found) == (said,)


def test_a_long_value_is_cut():
    (line,) = differences({"a": "x" * 500}, {})
    assert len(line) < 100


def test_what_others_set_is_kept():
    assert merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}}) == {"a": {"b": 9, "c": 2}, "d": 3}
