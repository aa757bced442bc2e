"""Differences as the real provider sees them."""

import pytest

from modelyard_infra.simulator.diffing import ADD, DELETE, UPDATE, Change, changes, drifted

REPLACING = frozenset({"name", "location", "sku", "identity.type", "rules[].port", "subnet"})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Change("a", UPDATE)]),
        ({}, {"a": 1}, [Change("a", ADD)]),
        ({"a": 1}, {}, [Change("a", DELETE)]),
        ({"name": "a"}, {"name": "b"}, [Change("name", UPDATE, replaces=True)]),
        ({}, {"location": "a"}, [Change("location", ADD, replaces=True)]),
        ({"location": "West Europe"}, {"location": "westeurope"}, []),
        ({"location": "West Europe"}, {"location": "northeurope"}, [Change("location", UPDATE, replaces=True)]),
        ({"a": {"location": "West Europe"}}, {"a": {"location": "westeurope"}}, [Change("a.location", UPDATE)]),
        ({"sku": {"name": "a"}}, {"sku": {"name": "b"}}, [Change("sku.name", UPDATE, replaces=True)]),
        ({"subnet": {"id": "a"}}, {"subnet": {"id": "b"}}, [Change("subnet.id", UPDATE, replaces=True)]),
        ({"identity": {"type": "a", "x": 1}}, {"identity": {"type": "a", "x": 2}}, [Change("identity.x", UPDATE)]),
        ({"identity": {"type": "a"}}, {"identity": {"type": "b"}}, [Change("identity.type", UPDATE, replaces=True)]),
        ({"rules": [{"port": 1}]}, {"rules": [{"port": 2}]}, [Change("rules[0].port", UPDATE, replaces=True)]),
        ({"rules": [{"port": 1}]}, {"rules": []}, [Change("rules[0]", DELETE)]),
        ({"rules": []}, {"rules": [{"port": 1}]}, [Change("rules[0]", ADD)]),
        ({"tags": {"a": "1"}}, {"tags": {"b": "1"}}, [Change("tags.a", DELETE), Change("tags.b", ADD)]),
    ],
)
def test_a_change_is_named_and_replaces_only_where_it_must(old, new, expected):
    assert changes(old, new, REPLACING, {}) == expected


def test_what_cannot_change_and_is_no_longer_said_replaces_nothing():
    assert changes({"name": "a"}, {}, REPLACING, {}) == [Change("name", DELETE)]


def test_writing_down_what_is_so_anyway_replaces_nothing():
    assert changes({}, {"name": "a"}, REPLACING, {"name": "a"}) == [Change("name", ADD)]
    assert changes({}, {"name": "a"}, REPLACING, {"name": "b"}) == [Change("name", ADD, replaces=True)]


@pytest.mark.parametrize(
    ("sent", "before", "after", "found"),
    [
        ({"a": 1}, {"a": 1, "d": 5}, {"a": 1, "d": 5}, {"a": 1}),
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": 1}, {}, {}),
        ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 1, "d": 5}, {"a": 1, "d": 6}, {"a": 1, "d": 6}),
        ({"o": {"a": 1}}, {"o": {"a": 1, "d": 5}}, {"o": {"a": 2, "d": 5}}, {"o": {"a": 2}}),
        (
            {"l": [{"a": 1}]},
            {"l": [{"a": 1, "d": 5}]},
            {"l": [{"a": 1, "d": 5}, {"a": 2}]},
            {"l": [{"a": 1}, {"a": 2}]},
        ),
        ({"l": [1, 2]}, {"l": [1, 2]}, {"l": [1]}, {"l": [1]}),
        ({"secret": "s", "a": 1}, {"a": 1}, {"a": 2}, {"secret": "s", "a": 2}),
        ({"place": "West Europe"}, {"place": "westeurope"}, {"place": "westeurope"}, {"place": "West Europe"}),
    ],
)
def test_drift_reaches_the_inputs_and_defaults_do_not(sent, before, after, found):
    assert drifted(sent, before, after) == found
