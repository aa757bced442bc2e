"""What stages come to when one of them did not succeed."""

from modelyard.delivery.linting.graph import Graph, Part
from modelyard.delivery.places import Place


def graph(**parts):
    place = Place("p.yml", 1)
    made = []
    for name, given in parts.items():
        depends_on, condition = given if isinstance(given, tuple) else (given, None)
        made.append(Part(name=name, depends_on=tuple(depends_on.split()), condition=condition, place=place))
    return Graph("stage", made)


def test_a_failure_skips_everything_after_it_and_nothing_beside_it():
    found = graph(a="", b="a", c="b", d="").outcomes_after("a", "Failed")
    assert found["b"] == found["c"] == {"Skipped"}
    assert "Succeeded" in found["d"]


def test_a_stage_that_always_runs_lets_the_ones_after_it_run():
    """The service says that succeeded() looks at indirect dependencies too; a gate must not rest on that alone."""
    found = graph(a="", b=("a", "always()"), c="b").outcomes_after("a", "Failed")
    assert "Succeeded" in found["b"]
    assert "Succeeded" in found["c"]


def test_a_stage_that_asks_for_a_failure_further_back_may_run():
    found = graph(a="", b="a", c=("a b", "failed('a')")).outcomes_after("a", "Failed")
    assert "Succeeded" in found["c"]


def test_cycles_are_shown_in_order():
    assert graph(a="c", b="a", c="b", d="a").cycle == ["a", "c", "b", "a"]
    assert graph(a="a").cycle == ["a", "a"]
    assert graph(a="", b="a nothing").cycle == []


def test_everything_comes_after_what_it_waits_for():
    order = graph(d="b c", c="a", b="a", a="").order
    assert [order.index(name) for name in "abcd"] == [0, 2, 1, 3] or order[0] == "a"
    assert order.index("d") == 3
