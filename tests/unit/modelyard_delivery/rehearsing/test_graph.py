import pytest

from modelyard.delivery.pipeline import Stage
from modelyard.delivery.places import Place
from modelyard.delivery.rehearsing.planning.graph import ancestors, descendants, in_order
from modelyard.errors import InvalidPipelineError


def stages(**depends):
    return [
        Stage(name=name, place=Place("p.yml", line), depends_on=tuple(after))
        for line, (name, after) in enumerate(depends.items(), start=1)
    ]


def test_each_stage_comes_after_what_it_depends_on_and_otherwise_as_written():
    assert in_order(stages(c=["b"], a=[], b=["a"], d=[]), kind="stage") == ["a", "b", "c", "d"]


def test_a_cycle_is_named_with_its_line():
    with pytest.raises(InvalidPipelineError, match=r"p.yml:2: a cycle of dependsOn: b → c → b"):
        in_order(stages(a=[], b=["c"], c=["b"]), kind="stage")


def test_a_dependency_that_nobody_has_is_named_with_what_there_is():
    with pytest.raises(InvalidPipelineError, match=r"p.yml:1: stage a depends on 'x'.*there are: a, b"):
        in_order(stages(a=["x"], b=[]), kind="stage")


def test_two_of_one_name_are_refused():
    twice = [*stages(a=[]), *stages(a=[])]
    with pytest.raises(InvalidPipelineError, match="stage a is there twice"):
        in_order(twice, kind="stage")


def test_indirect_dependencies_are_found_in_both_directions():
    depends = {"a": [], "b": ["a"], "c": ["b"], "d": []}
    assert ancestors("c", depends) == ["b", "a"]
    assert descendants(["a"], depends) == {"b", "c"}
