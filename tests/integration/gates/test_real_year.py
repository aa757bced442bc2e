"""A whole real year, in order: nothing of it may be refused."""

from itertools import combinations

import polars as pl
import pytest

from modelyard.composition import rule_engine
from modelyard.gates.rules.derivation import derive
from modelyard_pipelines.sources.catalog import contracted_names, source_names

SOURCES = sorted(set(source_names()) - set(contracted_names()))


@pytest.mark.parametrize("name", SOURCES)
def test_every_real_batch_is_accepted(year, name):
    refused = {
        month: judged.report.summary() for month, judged in year[name].judgements.items() if not judged.report.accepted
    }
    assert refused == {}
    assert len(year[name].judgements) == (12 if year[name].source.monthly else 1)


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_every_month_after_the_first_is_compared_with_those_before(year, name):
    for month, judged in list(year[name].judgements.items())[1:]:
        tested = [check for check in judged.report.checks if check.gate == "significance" and check.p_value is not None]
        assert len(tested) > 20, month


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_no_real_month_comes_near_its_margins(year, name):
    """The closest a good month came; a margin that is nearly used up would refuse the next good month."""
    used = [
        check.measured / float(check.limit.removeprefix("at most "))
        for judged in year[name].judgements.values()
        for check in judged.report.checks
        if check.gate == "significance" and check.p_value is not None
    ]
    assert max(used) < 0.9


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_a_refused_month_may_come_again_later(year, name):
    shelf = year[name]
    without = [batch for batch in shelf.history if batch.period != "2013-04"]
    kept, shelf.history = shelf.history, without
    try:
        judged = shelf.offer(shelf.files["2013-04"], "2013-06")
    finally:
        shelf.history = kept
    assert [finding.code for finding in judged.report.refusals] == ["keys_stored"]  # the keys were not taken away


@pytest.mark.parametrize("name", SOURCES)
def test_the_great_expectations_library_gives_the_same_answers_on_real_batches(year, name):
    shelf = year[name]
    month = next(iter(shelf.files))
    frame = shelf.judgements[month].frame
    contract = shelf.source.contract
    a, b = next(
        (x.name, y.name) for x, y in combinations(contract.columns, 2) if x.physical == y.physical and x.name != "year"
    )
    for batch in (frame, frame.with_columns(pl.col(a).alias(b), pl.col(b).alias(a))):
        derived = derive(batch, contract)
        fast = rule_engine("compiled").check(derived, contract.rules)
        real = rule_engine("great_expectations").check(derived, contract.rules)
        assert [(each.passed, each.unexpected) for each in fast] == [(each.passed, each.unexpected) for each in real]
