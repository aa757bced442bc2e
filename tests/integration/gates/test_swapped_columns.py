"""Two columns of the same type, swapped: refused, and both names are given.

All 164 pairs of all sources hold. Neighbours and every fourth other pair of the large source run each time.
"""

from itertools import combinations

import polars as pl
import pytest

from modelyard_pipelines.sources.catalog import contracted_names, find_source, source_names


def pairs(name):
    columns = find_source(name).contract.columns
    return [(a.name, b.name) for a, b in combinations(columns, 2) if a.physical == b.physical]


def chosen(name):
    """All pairs of a small source; of flights, neighbours and a sample."""
    every = pairs(name)
    names = find_source(name).contract.names
    near = [(a, b) for a, b in every if names.index(b) - names.index(a) == 1]
    return every if name != "flights" else sorted({*near, *every[::4]})


def swap(a, b):
    return lambda texts: texts.with_columns(pl.col(a).alias(b), pl.col(b).alias(a))


CODED = sorted(set(source_names()) - set(contracted_names()))


@pytest.mark.parametrize(("name", "a", "b"), [(name, a, b) for name in CODED for a, b in chosen(name)])
def test_two_swapped_columns_are_refused_and_named(offer_texts, name, a, b):
    report = offer_texts(name, swap(a, b)).report
    assert not report.accepted
    hints = {finding.hint for finding in report.refusals}
    assert any("swapped" in hint and {a, b} <= set(hint.replace(":", " ").split()) for hint in hints), hints


@pytest.mark.parametrize(("a", "b"), pairs("flights")[::12])
def test_they_are_refused_in_a_first_batch_too(offer_texts, a, b):
    assert not offer_texts("flights", swap(a, b), "2013-01").report.accepted
