"""Rows that the model API's predictions are held against: of the table that a version was trained on.

The version predicts them itself, from the registry's files and without the model API or its bundle, so that whatever
comes between the two is found.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import narwhals as nw

from modelyard.composition import Platform
from modelyard.errors import TableNotFoundError
from modelyard.lake.layers import DataVersion, Layer, Table
from modelyard.models.features import feature_frame
from modelyard.models.storage import open_model
from modelyard.registry.versions import ModelVersion
from modelyard.release.expectation import OF_THE_BUNDLE, Expectation
from modelyard_bundle import Example, Feature

if TYPE_CHECKING:
    import polars as pl

ROWS = 300
"""Rows of a sample: enough to meet rare values, few enough to be asked for in every form within a moment."""


def with_sample(platform: Platform, expected: Expectation) -> Expectation:
    """The expectation with rows of the version's own CURATED table, as the registered model predicts them.

    Where the table, or the version of it, is gone, it stays with the example, and says why.

    Raises:
        ModelNotFoundError: the registry does not have the version.
        InvalidModelError: its files are not those that were registered; nothing was loaded.
    """
    version = platform.registry().version(expected.model, int(expected.version))
    data = _trained_on(version)
    if data is None:
        return _without(expected, "the registry does not say which CURATED table it was trained on")
    try:
        rows = sample_rows(platform, data, expected.signature.features)
    except (TableNotFoundError, FileNotFoundError) as error:
        return _without(expected, f"{data} cannot be read any more ({str(error).splitlines()[0]})")
    if rows is None or rows.is_empty():
        return _without(expected, f"{data} has no row with everything that the model needs")
    with TemporaryDirectory(prefix="modelyard-") as folder:
        place = platform.registry().download(version.model, version.version, Path(folder) / "version")
        predictions = open_model(place, digest=version.digest).predict(rows).tolist()
    features = feature_frame(rows, expected.signature.features)
    sample = Example(rows=tuple(features.to_dicts()), predictions=tuple(predictions))
    return expected.sampled(sample, origin=f"of {data}, predicted by the registered version {version.version}")


def _without(expected: Expectation, reason: str) -> Expectation:
    return expected.sampled(None, origin=f"{OF_THE_BUNDLE}, for {reason}")


def _trained_on(version: ModelVersion) -> DataVersion | None:
    for name, number in version.data_versions.items():
        layer, _, table = name.partition("/")
        if layer == Layer.CURATED:
            return DataVersion(Table(Layer.CURATED, table), number)
    return None


def sample_rows(platform: Platform, data: DataVersion, features: tuple[Feature, ...]) -> pl.DataFrame | None:
    """Rows from all over a version of a table that have everything that these features need; none without a feature.

    Raises:
        TableNotFoundError: the table, or this version of it, does not exist.
        FileNotFoundError: its files are gone.
    """
    import polars as pl

    frame = platform.engine.scan(data.table, version=data.version)
    names = [feature.name for feature in features]
    if not set(names) <= set(frame.collect_schema().names()):
        return None
    needed = [nw.col(feature.name).is_null() for feature in features if not feature.nullable]
    whole = frame.select(names)
    whole = whole.filter(~nw.any_horizontal(*needed, ignore_nulls=False)) if needed else whole
    held: pl.DataFrame = whole.collect().to_polars()
    floats = [name for name in names if held.schema[name].is_float()]
    # NaN is a missing value in training; infinity is nothing that a request could say.
    infinite = [pl.col(name).is_infinite() for name in floats]
    lacking = [pl.col(f.name).is_nan() for f in features if f.name in floats and not f.nullable]
    bad = [expression.fill_null(value=False) for expression in (*infinite, *lacking)]
    held = held.filter(~pl.any_horizontal(bad)) if bad else held
    return held.gather_every(max(1, held.height // ROWS)).head(ROWS)
