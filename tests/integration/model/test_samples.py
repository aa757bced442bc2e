"""What a release is held against: rows of the version's own table, as the registered model predicts them."""

import shutil
from dataclasses import replace
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from modelyard.errors import InvalidModelError, ModelApiUnreachableError, NoProductionModelError
from modelyard.lake.layers import DataVersion, Layer, Table
from modelyard.models.features import feature_frame
from modelyard.models.storage import open_model
from modelyard.release.expectation import Expectation
from modelyard_bundle import read_bundle
from modelyard_pipelines.release.releasing import build, deployment_of, rehearse_release
from modelyard_pipelines.release.sampling import ROWS, sample_rows, with_sample
from modelyard_pipelines.release.smoking import served_models, smoke

NAME = "parcel_delay"


@pytest.fixture
def expected(platform, in_production):
    in_production()
    return Expectation.of(read_bundle(build(platform, NAME).folder))


def test_the_sample_is_of_the_table_and_predicted_by_the_registered_model(platform, expected, tmp_path):
    found = with_sample(platform, expected)
    assert len(found.sample.rows) == ROWS
    assert found.origin == "of CURATED/parcels@0, predicted by the registered version 1"
    version = platform.registry().production(NAME)
    model = open_model(platform.registry().download(NAME, 1, tmp_path / "registered"), digest=version.digest)
    rows = pl.DataFrame([dict(row) for row in found.sample.rows], infer_schema_length=None)
    assert model.predict(rows).tolist() == list(found.sample.predictions)


def table_of(platform):
    ((name, number),) = platform.registry().production(NAME).data_versions.items()
    return DataVersion(Table(Layer.CURATED, name.removeprefix("CURATED/")), number)


def test_the_sample_is_of_the_recorded_version_of_the_table_and_comes_from_all_over_it(platform, expected):
    data = table_of(platform)
    before = with_sample(platform, expected)
    other = platform.engine.scan(data.table).collect().to_polars().head(5)
    platform.engine.append(data.table, nw.from_native(other.lazy()), transaction="more", metadata={})
    assert with_sample(platform, expected) == before
    rows = sample_rows(platform, data, expected.signature.features)
    assert rows.height == ROWS
    whole = feature_frame(
        platform.engine.scan(data.table, version=0).collect().to_polars(), expected.signature.features
    )
    assert rows.row(-1) in set(whole.tail(whole.height // 2).rows())


def test_where_the_table_is_gone_it_stays_with_the_example_and_says_so(platform, expected):
    shutil.rmtree(platform.lake / table_of(platform).table.path)
    found = with_sample(platform, expected)
    assert found.sample is None
    assert found.origin.startswith("the example in the bundle, for CURATED/parcels@0 cannot be read any more")
    assert found.pieces()[0].rows == expected.example.rows


def test_where_the_tables_files_are_gone_it_stays_with_the_example_and_says_so(platform, expected):
    for file in (platform.lake / table_of(platform).table.path).rglob("*.parquet"):
        file.unlink()
    assert "cannot be read any more" in with_sample(platform, expected).origin


def test_where_nobody_recorded_a_table_it_says_so(platform, expected, monkeypatch):
    version = platform.registry().production(NAME)
    registry = platform.registry()
    monkeypatch.setattr(registry, "version", lambda *_: replace(version, data_versions={}))
    assert "does not say which" in with_sample(platform, expected).origin


def test_a_registered_model_that_was_changed_is_not_asked(platform, expected, monkeypatch):
    registry = platform.registry()
    download = registry.download

    def changed(model, version, folder):
        place = download(model, version, folder)
        (place / "model.skops").write_bytes(b"changed")
        return place

    monkeypatch.setattr(registry, "download", changed)
    with pytest.raises(InvalidModelError, match="digest"):
        with_sample(platform, expected)


def test_a_release_is_rehearsed_on_the_sample_and_reports_it(platform, in_production):
    in_production()
    report = rehearse_release(platform, NAME)
    assert report.passed, report.sentence()
    assert report.rows == ROWS
    assert report.sample.startswith("of CURATED/parcels@0")


def test_any_address_can_be_smoked_against_a_version_of_the_registry(platform, in_production):
    first = in_production()
    bundle = build(platform, NAME)
    in_production(features=("distance",), roc_auc=0.9)
    with deployment_of(platform).rehearse(bundle.pointer, bundles=Path(platform.connections.bundles)) as url:
        assert served_models(url) == (NAME,)
        assert smoke(platform, NAME, url, version=first.version).passed
        assert smoke(platform, NAME, url, version=first.version, full=True).passed
        found = smoke(platform, NAME, url)
    assert (found.version, found.passed) == (str(first.version + 1), False)


def test_an_address_that_is_no_model_api_serves_no_models():
    with pytest.raises(ModelApiUnreachableError, match="no model API answers"):
        served_models("http://127.0.0.1:9")


def test_where_nothing_is_deployed_and_no_address_is_given_there_is_nothing_to_check(platform, in_production):
    in_production()
    with pytest.raises(NoProductionModelError, match="nothing of parcel_delay is deployed"):
        smoke(platform, NAME)
