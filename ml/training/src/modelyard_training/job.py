"""A training in an environment: its lake, its tracking server, its registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelyard.composition import Platform, open_platform
from modelyard.errors import TableNotFoundError
from modelyard.lake.layers import DataVersion, Layer, Table
from modelyard.models.discovery import find_model, source_digest
from modelyard.models.spec import ModelSpec
from modelyard_training.learning import Progress
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import provenance_of
from modelyard_training.training import Training, train

if TYPE_CHECKING:
    import polars as pl


def run_job(
    environment: str, model: str, *, data_version: int | None = None, seed: int | None = None, progress: Progress
) -> Training:
    """Train a model on the CURATED table of its purpose.

    Args:
        environment: The environment's name.
        model: The model's name.
        data_version: Version of the table; the newest if none is given.
        seed: Of search and estimator; the declaration's if none is given.
        progress: Told what is done next.

    Raises:
        ModelNotFoundError: there is no such model.
        TableNotFoundError: its purpose was not curated yet.
    """
    platform = open_platform(environment)
    spec = find_model(platform.workspace, model)
    data = _data(platform, spec, data_version)
    return train(
        spec,
        lambda: _read(platform, data),
        data_versions={str(data.table): data.version},
        source=source_digest(platform.workspace, model),
        tracker=MlflowTracker(platform.connections.tracking),
        registry=platform.registry(),
        provenance=provenance_of(platform.workspace.root),
        seed=seed,
        progress=progress,
    )


def _data(platform: Platform, spec: ModelSpec, version: int | None) -> DataVersion:
    """The version to learn from, pinned before anything is read."""
    table = Table(Layer.CURATED, spec.purpose)
    newest = platform.engine.version(table)
    if newest is None:
        raise TableNotFoundError(f"{table} does not exist yet", hint=f"modelyard data curate {spec.purpose}")
    if version is not None and not 0 <= version <= newest.version:
        raise TableNotFoundError(f"{table} has versions 0 to {newest.version}; found {version}")
    return newest if version is None else DataVersion(table, version)


def _read(platform: Platform, data: DataVersion) -> pl.DataFrame:
    return platform.engine.scan(data.table, version=data.version).collect().to_polars()
