"""How one kind of value becomes another."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from modelyard.delivery.expressions.values import (
    LARGEST_NUMBER,
    Version,
    kind_of,
    to_boolean,
    to_number,
    to_text,
    to_version,
)

NOON = datetime(2026, 3, 4, 12, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, False, 0, 0.0, Decimal(0), ""])
def test_nothing_zero_and_the_empty_string_are_false(value):
    assert to_boolean(value) is False


@pytest.mark.parametrize("value", [True, 1, -0.5, "false", "0", " ", Version("0.0.0"), NOON, [], {}])
def test_everything_else_is_true_even_the_string_false_and_an_empty_array(value):
    assert to_boolean(value) is True


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (None, 0),
        (True, 1),
        (False, 0),
        ("", 0),
        ("12", 12),
        (" -1.50 ", -1.5),
        ("+3", 3),
        (".5", 0.5),
        ("5.", 5),
        ("1,000.5", 1000.5),
        (Decimal("2.0"), 2),
        (str(LARGEST_NUMBER), LARGEST_NUMBER),
    ],
)
def test_numbers_read_as_numbers(value, number):
    assert to_number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        *(" ", "abc", "1e3", "0x1", "1 2", "--1", "1.2.3", "٣", str(LARGEST_NUMBER + 1)),
        *(float("nan"), float("inf"), Version("1.2"), NOON, [], {}),
    ],
)
def test_what_is_no_number_does_not_become_one(value):
    assert to_number(value) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "True"),
        (False, "False"),
        (3, "3"),
        (3.0, "3"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.3"),
        (0.00000005, "0.0000001"),
        (-0.00000001, "0"),
        (1e22, "10000000000000000000000"),
        (Version("1.2.3"), "1.2.3"),
        ("a", "a"),
        (NOON, "2026-03-04 12:05:09+00:00"),
        (NOON.replace(tzinfo=None), "2026-03-04 12:05:09+00:00"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-03-04 14:05:09+02:00"),
    ],
)
def test_scalars_have_a_text(value, text):
    assert to_text(value) == text


@pytest.mark.parametrize("value", [[], {}, [1], {"a": 1}])
def test_arrays_and_objects_have_no_text(value):
    assert to_text(value) is None


@pytest.mark.parametrize(("value", "parts"), [("1.2", (1, 2)), (" 01.2.3 ", (1, 2, 3)), (1.2, (1, 2))])
def test_versions_read_as_versions(value, parts):
    assert to_version(value).parts == parts


@pytest.mark.parametrize("value", [None, True, "1", "a.b", "1.2.3.4.5", "1.2147483648", -1.2, 2, [], NOON])
def test_what_is_no_version_does_not_become_one(value):
    assert to_version(value) is None


def test_a_version_that_is_one_already_stays():
    assert to_version(Version("1.2.3")) == "1.2.3"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "Null"),
        (True, "Boolean"),
        (1, "Number"),
        ("a", "String"),
        (Version("1.2"), "Version"),
        (NOON, "Time"),
        ([], "Array"),
        ((), "Array"),
        ({}, "Object"),
        (NOON.date(), "date"),
    ],
)
def test_messages_name_the_kind_of_a_value(value, kind):
    assert kind_of(value) == kind
