"""A project with one small model, its table, and a registry in memory."""

import hashlib
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from modelyard.lake.layers import Layer, Table
from modelyard.models.discovery import find_model
from modelyard.models.storage import dump_pipeline
from modelyard.registry.versions import Registration
from modelyard.testing.model_fakes import PURPOSE, sample_frame, sample_spec
from modelyard.testing.platforms import bare_platform
from modelyard_bundle import installed_libraries
from modelyard_training.fitting import fit_model
from modelyard_training.slices import slices_of
from modelyard_training.training import example_of

ROOT = Path(__file__).resolve().parents[3]
NAME = "parcel_delay"
TABLE = Table(Layer.CURATED, PURPOSE)
ALL = ("weight", "distance", "depot")


@pytest.fixture
def platform(tmp_path):
    root = tmp_path / "project"
    shutil.copytree(ROOT / "environments", root / "environments")
    folder = root / "ml" / "models" / NAME
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(
        "from modelyard.testing.model_fakes import sample_spec\nMODEL = sample_spec()\n", encoding="utf-8"
    )
    opened = bare_platform(root, tmp_path / "state")
    opened.engine.append(TABLE, nw.from_native(table().lazy()), transaction="parcels", metadata={})
    return opened


@pytest.fixture
def trained_on():
    """Trains the sample model on some of the features; once for all tests."""
    return lambda features=ALL: trained_model(tuple(features))


@pytest.fixture
def register(platform, tmp_path):
    """Trains a version on some of the features, and registers it as a candidate."""

    def registered(features=ALL, **metrics):
        trained = trained_model(tuple(features))
        number = len(platform.registry().versions(NAME)) + 1
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        content = dump_pipeline(trained.model.pipeline)
        (folder / "model.skops").write_bytes(content)
        (folder / "signature.json").write_bytes(trained.signature.to_json())
        (folder / "example.json").write_bytes(example_of(trained).to_json())
        return platform.registry().register(
            Registration(
                model=NAME,
                run_id=f"run-{number}",
                source=str(folder),
                digest=hashlib.sha256(content).hexdigest(),
                fingerprint=f"fingerprint-{number}",
                task="binary",
                commit="0" * 40,
                data_versions={str(TABLE): 0},
                metrics={**trained.validation_metrics, **metrics},
                validation_rows=trained.parts.validation_rows.to_document(),
                test_rows=trained.test_rows.to_document(),
                learned_until=trained.learned_until,
                libraries=installed_libraries(),
                slices=slices_of(replace(trained, spec=find_model(platform.workspace, NAME))),
            )
        )

    return registered


@pytest.fixture
def in_production(platform, register):
    """Brings a version to production; the rows of the platform are one batch of 4,000."""

    from modelyard_pipelines.model.promoting import promote
    from modelyard_pipelines.model.staging import stage

    def brought(**changes):
        version = register(**changes)
        stage(platform, NAME)
        promote(platform, NAME, by="Ada", reason=f"version {version.version}", note=lambda line: None, override=True)
        return version

    return brought


@cache
def trained_model(features):
    frame = table()
    for name in {"weight", "distance"} - set(features):
        frame = frame.with_columns(**{name: frame.get_column(name) * 0})
    return fit_model(sample_spec(), frame, data_versions={str(TABLE): 0})


def table():
    """What CURATED holds at first: one batch."""
    return sample_frame(rows=4000).with_columns(pl.lit("parcels").alias("_batch"))


@pytest.fixture
def told(platform):
    """The kinds of notifications so far, oldest first."""
    from modelyard.notify.outbox import read_outbox

    return lambda: [one["kind"] for one in read_outbox(platform.lake.parent / "outbox.jsonl")]
