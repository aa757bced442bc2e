"""The graph of resources: keys are unique, references lead somewhere, nothing needs itself."""

import pytest

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource, UnknownResourceError, refs_in


def resource(key, properties=None, *, after=()):
    return Resource(key, "storage:StorageAccount", "lake", properties or {}, after=after)


def test_a_resource_comes_after_what_it_refers_to_and_what_it_waits_for():
    graph = Graph((resource("c", {"x": Ref("b")}), resource("b", after=("a",)), resource("a")))
    assert [one.key for one in graph.ordered] == ["a", "b", "c"]


def test_references_are_found_in_lists_mappings_and_joined_texts():
    value = {"a": [Ref("one"), {"b": Joined(("x", Ref("two", "name")))}], "c": "three", "d": None}
    assert list(refs_in(value)) == [Ref("one"), Ref("two", "name")]


def test_what_needs_a_resource_is_found():
    graph = Graph((resource("a"), resource("b", {"x": Ref("a")}), resource("c", after=("a",)), resource("d")))
    assert [one.key for one in graph.needed_by("a")] == ["b", "c"]


def test_refuses_two_resources_with_one_key():
    with pytest.raises(ValueError, match=r"not unique: \['a'\]"):
        Graph((resource("a"), resource("a")))


def test_refuses_a_reference_that_leads_nowhere():
    with pytest.raises(ValueError, match="a needs b, which does not exist"):
        Graph((resource("a", {"x": Ref("b")}),))


def test_refuses_resources_that_need_each_other():
    with pytest.raises(ValueError, match="in a circle: a -> b -> a"):
        Graph((resource("a", {"x": Ref("b")}), resource("b", after=("a",))))


def test_an_unknown_key_is_answered_with_those_that_exist():
    with pytest.raises(UnknownResourceError, match="no resource b; there are a"):
        Graph((resource("a"),))["b"]
