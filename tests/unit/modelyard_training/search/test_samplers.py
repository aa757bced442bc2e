"""Every sampler stays in the space, repeats itself under its seed, begins where it is told, and most of them learn."""

import importlib.util

import numpy as np
import pytest

from modelyard.errors import InvalidModelError, MissingToolError
from modelyard.models.searching import SAMPLERS, Choices, Floats, Integers, Search, fits
from modelyard_training.search.samplers import completed, drawn, grid_line, sampler_of

SPACE = {
    "rate": Floats(0.001, 1, log=True),
    "share": Floats(0.2, 0.9),
    "trees": Integers(1, 200, log=True),
    "depth": Integers(2, 9),
    "way": Choices(("a", None, 3, True)),
}
FIRST = {"rate": 0.5, "share": 0.3, "trees": 7, "depth": 2, "way": None}


@pytest.fixture(params=SAMPLERS)
def sampler(request):
    """Makes a sampler of each kind."""
    if request.param == "hyperopt" and importlib.util.find_spec("hyperopt") is None:
        pytest.skip("hyperopt is not installed")

    def made(space=SPACE, *, seed=1, trials=20, first=()):
        search = Search(space=space, metric="rmse", sampler=request.param, trials=trials)
        return sampler_of(search, seed=seed, first=first)

    return made


def played(sampler, rounds=8, together=2, loss=lambda parameters: parameters["share"]):
    found = []
    for _ in range(rounds):
        asked = sampler.ask(together)
        sampler.tell([loss(parameters) for parameters in asked])
        found += asked
    return found


def test_every_proposal_is_in_the_space(sampler):
    found = played(sampler())
    assert len(found) == 16
    assert all(fits(SPACE, parameters) for parameters in found)


def test_the_same_seed_and_answers_give_the_same_proposals_and_another_seed_others(sampler):
    assert played(sampler(seed=5)) == played(sampler(seed=5))
    assert played(sampler(seed=5)) != played(sampler(seed=6))


def test_begins_where_it_is_told_to(sampler):
    other = {**FIRST, "depth": 9}
    assert played(sampler(first=[FIRST, other]))[:2] == [FIRST, other]


def test_a_failed_trial_is_an_answer(sampler):
    one = sampler()
    one.ask(2)
    one.tell([None, 0.3])
    assert len(one.ask(2)) == 2


@pytest.mark.parametrize("sampler", ["optuna", "hyperopt"], indirect=True)
def test_whoever_learns_finds_the_bottom_of_a_bowl_sooner_than_chance(sampler):
    space = {"x": Floats(0, 1), "y": Floats(0, 1)}

    def loss(parameters):
        return (parameters["x"] - 0.3) ** 2 + (parameters["y"] - 0.7) ** 2

    late = [
        np.mean([loss(one) for one in played(sampler(space, seed=seed, trials=40), rounds=20, loss=loss)[20:]])
        for seed in range(3)
    ]
    by_chance = np.mean([(x - 0.3) ** 2 + (y - 0.7) ** 2 for x in np.linspace(0, 1, 50) for y in np.linspace(0, 1, 50)])
    assert np.mean(late) < by_chance / 2


def test_a_grid_tries_every_corner_once_and_then_has_no_more():
    space = {"way": Choices(("a", "b", "c")), "depth": Integers(1, 2)}
    grid = sampler_of(Search(space=space, metric="rmse", sampler="grid"), seed=1)
    found = [(one["way"], one["depth"]) for one in grid.ask(100)]
    assert sorted(found) == [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1), ("c", 2)]
    assert grid.ask(1) == []


def test_a_huge_grid_costs_no_memory():
    space = {f"x{number}": Floats(0, 1) for number in range(20)}
    assert len(sampler_of(Search(space=space, metric="rmse", sampler="grid"), seed=1).ask(3)) == 3


@pytest.mark.parametrize(
    ("dimension", "line"),
    [
        (Floats(0, 1), [0, 0.25, 0.5, 0.75, 1]),
        (Integers(1, 3), [1, 2, 3]),
        (Integers(1, 10_000, log=True), [1, 10, 100, 1000, 10_000]),
        (Choices((True, None)), [True, None]),
    ],
)
def test_a_line_of_the_grid_reaches_from_end_to_end(dimension, line):
    assert (
        grid_line(dimension) == pytest.approx(line) if isinstance(dimension, Floats) else grid_line(dimension) == line
    )


def test_chance_reaches_both_ends_of_a_range_by_orders_of_magnitude():
    generator = np.random.default_rng(0)
    found = [drawn(Integers(1, 100, log=True), generator) for _ in range(3000)]
    assert min(found) == 1
    assert max(found) == 100
    assert 5 < np.median(found) < 10
    floats = [drawn(Floats(1e-4, 1, log=True), generator) for _ in range(2000)]
    assert np.mean(np.log10(floats)) == pytest.approx(-2, abs=0.1)


def test_a_beginning_may_name_some_parameters_only_and_what_is_outside_is_left_out():
    some, outside, strange = {"rate": 0.5}, {"rate": 7.0}, {"other": 1}
    found = completed([some, outside, strange], SPACE, seed=1)
    assert len(found) == 1
    assert found[0]["rate"] == 0.5
    assert fits(SPACE, found[0])


@pytest.mark.parametrize(
    ("parameters", "inside"),
    [
        (FIRST, True),
        ({**FIRST, "depth": 2.5}, False),
        ({**FIRST, "depth": True}, False),
        ({**FIRST, "depth": 10}, False),
        ({**FIRST, "share": 1}, False),
        ({**FIRST, "way": "b"}, False),
        ({"rate": 0.5}, False),
        ({**FIRST, "more": 1}, False),
    ],
)
def test_knows_what_is_in_the_space(parameters, inside):
    assert fits(SPACE, parameters) == inside


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"together": 0}, "together is 0, allowed is 1 or more"),
        ({"folds": 0}, "folds is 0, allowed is 1 or more"),
        ({"sampler": "grad_student"}, "allowed is one of optuna, hyperopt, grid, random"),
    ],
)
def test_refuses_a_search_that_cannot_be(changes, said):
    with pytest.raises(InvalidModelError, match=said):
        Search(space={}, metric="rmse", **changes)


@pytest.mark.skipif(importlib.util.find_spec("hyperopt") is not None, reason="hyperopt is installed")
def test_without_hyperopt_the_next_step_is_said():
    with pytest.raises(MissingToolError, match="cannot be imported") as missing:
        sampler_of(Search(space=SPACE, metric="rmse", sampler="hyperopt"), seed=1)
    assert "modelyard[hyperopt]" in missing.value.hint
