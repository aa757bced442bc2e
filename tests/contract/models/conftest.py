"""What CURATED holds for a model, made of landed files by the project's own reading, cleaning and joining."""

from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from modelyard.environment.workspace import Workspace
from modelyard.errors import DataNotReadyError
from modelyard.gates.drafting.imagining import imagined_rows
from modelyard.gates.reading import read_batch
from modelyard_pipelines.purposes.catalog import find_purpose
from modelyard_pipelines.sources.catalog import find_source

MONTHS = ("2013-01", "2013-02", "2013-03", "2013-04")
SAMPLED = 10
MANY = 20_000
"""A source with fewer rows is taken whole."""


@pytest.fixture(scope="session")
def workspace():
    return Workspace.at(Path(__file__).parents[3])


@pytest.fixture(scope="session")
def landed(tmp_path_factory):
    """RAW rows of a source over four months; of the driving source every tenth, if it has many."""
    cache = tmp_path_factory.mktemp("cache")
    kept = {}

    def rows_of(name, *, sampled):
        if name not in kept:
            source, folder = find_source(name), tmp_path_factory.mktemp(name)
            months = MONTHS if source.monthly else MONTHS[:1]
            try:
                files = [source.land(month, folder, cache=cache) for month in months]
                kept[name] = pl.concat([read_batch(file, source.contract).frame for file in files])
            except DataNotReadyError:
                # A source that nobody can reach from here: what its contract allows is enough to hold a model to.
                kept[name] = imagined_rows(source.contract, rows=3000, seed=1)
        return kept[name].gather_every(SAMPLED) if sampled and kept[name].height > MANY else kept[name]

    return rows_of


@pytest.fixture(scope="session")
def curated(landed):
    """CURATED of a purpose; `changed` may change the driving source's RAW rows first."""

    def joined(name, *, changed=lambda raw: raw):
        purpose = find_purpose(name)
        clean = []
        for source in purpose.sources:
            raw = landed(source, sampled=source == purpose.driving)
            raw = changed(raw) if source == purpose.driving else raw
            clean.append(find_source(source).clean(nw.from_native(raw.lazy()), pseudonym_key="key for tests"))
        return purpose.join(*clean).to_native().collect()

    return joined
