"""A training in an environment: its lake, its tracking server, its registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from modelyard.composition import Platform, open_platform
from modelyard.environment.workspace import Workspace
from modelyard.errors import TableNotFoundError
from modelyard.lake.layers import DataVersion, Layer, Table
from modelyard.models.discovery import find_model, source_digest
from modelyard.models.spec import ModelSpec
from modelyard_training.learning import Progress
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import provenance_of
from modelyard_training.search.triers import Means
from modelyard_training.threads import cores
from modelyard_training.training import Training, train
from modelyard_training.warming import past_best

if TYPE_CHECKING:
    import polars as pl


MOST_WORKERS = 8
"""More processes than this only wait for one another's rounds."""


def run_job(
    environment: str,
    model: str,
    *,
    data_version: int | None = None,
    seed: int | None = None,
    variant: str | None = None,
    progress: Progress,
) -> tuple[Training, ...]:
    """Train a model on the CURATED table of its purpose: a candidate for each way that it declares to build it.

    Args:
        environment: The environment's name.
        model: The model's name.
        data_version: Version of the table; the newest if none is given.
        seed: Of search and estimator; the declaration's if none is given.
        variant: Only this one; empty for the declaration's own `build`; all of them if none is given.
        progress: Told what is done next.

    Raises:
        ModelNotFoundError: there is no such model.
        InvalidModelError: it has no such variant.
        TableNotFoundError: its purpose was not curated yet.
    """
    platform = open_platform(environment)
    spec = find_model(platform.workspace, model)
    data = _data(platform, spec, data_version)
    read = cache(partial(_read, platform, data))
    names = ("", *spec.variants) if variant is None else (variant,)
    return tuple(_trained(platform, spec, name, data, read, seed=seed, progress=progress) for name in names)


def _trained(
    platform: Platform,
    spec: ModelSpec,
    variant: str,
    data: DataVersion,
    read: Callable[[], pl.DataFrame],
    *,
    seed: int | None,
    progress: Progress,
) -> Training:
    chosen, tracker, registry = spec.variant(variant), MlflowTracker(platform.connections.tracking), platform.registry()
    if variant:
        progress(f"variant {variant}")
    source = source_digest(platform.workspace, spec.name)
    done = train(
        chosen,
        read,
        data_versions={str(data.table): data.version},
        source=f"{source}:{variant}" if variant else source,
        tracker=tracker,
        registry=registry,
        provenance=provenance_of(platform.workspace.root),
        variant=variant,
        seed=seed,
        means=means_of(platform, chosen, variant),
        warm=lambda: past_best(chosen, registry, tracker),
        progress=progress,
    )
    return replace(done, variant=variant)


def means_of(platform: Platform, spec: ModelSpec, variant: str) -> Means:
    """Trials in processes of their own, so that one which hangs or dies costs no more than itself.

    Spark brings its own threads, and a machine has no room for several of it.
    """
    workers = 0 if spec.flavour == "spark" else min(cores(), spec.search.together, MOST_WORKERS)
    return Means(
        workers=workers,
        declared=partial(_declared, platform.workspace, spec.name, variant),
        journals=platform.workspace.of(platform.environment.name) / "searches",
    )


def _declared(workspace: Workspace, name: str, variant: str) -> ModelSpec:
    return find_model(workspace, name).variant(variant)


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
