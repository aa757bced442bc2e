"""One training from end to end: what was done before is not done again, what was cut off is picked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.evaluation.plots import calibration_plot, importance_plot, residual_plot, roc_plot
from modelyard.models.features import feature_frame
from modelyard.models.preparing import label_values
from modelyard.models.spec import ModelSpec
from modelyard.models.storage import dump_pipeline
from modelyard.registry.registry import ModelRegistry
from modelyard.registry.versions import ModelVersion
from modelyard_bundle.example import Example
from modelyard_training.fitting import TrainedModel, fit_model
from modelyard_training.importance import importances
from modelyard_training.learning import Progress, thinned
from modelyard_training.provenance import Provenance, fingerprint_of
from modelyard_training.tracking import Tracker, TrainingRecord

if TYPE_CHECKING:
    import polars as pl

EXAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What a training led to."""

    version: ModelVersion
    fresh: bool
    """False if the same training had been done before, so that nothing was learned now."""
    test_metrics: Mapping[str, float]
    """On rows that no decision has looked at; empty if nothing was learned now."""


def train(
    spec: ModelSpec,
    read: Callable[[], pl.DataFrame],
    *,
    data_versions: Mapping[str, int],
    source: str,
    tracker: Tracker,
    registry: ModelRegistry,
    provenance: Provenance,
    seed: int | None = None,
    progress: Progress = lambda _step: None,
) -> Training:
    """Train a model and register it as a candidate.

    Args:
        spec: The model's declaration.
        read: Gives the CURATED table at these versions; called only if there is something to learn.
        data_versions: Table to Delta version.
        source: Digest of the model's folder, from `modelyard.models.discovery.source_digest`.
        tracker: Keeps the record.
        registry: Keeps the version.
        provenance: The code and the libraries.
        seed: Of search and estimator; the declaration's if none is given.
        progress: Told what is done next.

    Raises:
        InvalidModelError: the declaration does not hold, or does not fit the table.
        DataNotReadyError: the table holds too little.
        ServiceUnavailableError: the tracking server does not answer.
    """
    chosen = spec.seed if seed is None else seed
    fingerprint = fingerprint_of(
        model=spec.name, source=source, data_versions=data_versions, seed=chosen, lock=provenance.lock
    )
    known = registry.find(spec.name, fingerprint=fingerprint)
    if known is not None:
        progress(f"version {known.version} was trained from the same code, data and seed")
        return Training(version=known, fresh=False, test_metrics={})
    finished = tracker.finished(spec.name, fingerprint)
    if finished is not None:
        progress("an earlier training had finished, but was not registered")
        return Training(version=registry.register(finished), fresh=False, test_metrics={})
    started = time.monotonic()
    trained = fit_model(spec, read(), data_versions=data_versions, seed=chosen, progress=progress)
    dump_pipeline(trained.model.pipeline)  # refuses types that are not trusted, before anything is recorded
    progress("plots and record")
    record = TrainingRecord(
        trained=trained,
        fingerprint=fingerprint,
        provenance=provenance,
        data_versions=dict(data_versions),
        seed=chosen,
        seconds=time.monotonic() - started,
        example=example_of(trained),
        plots=plots_of(trained, seed=chosen),
    )
    version = registry.register(tracker.record(record))
    progress(f"registered as version {version.version}")
    return Training(version=version, fresh=True, test_metrics=trained.test_metrics)


def example_of(trained: TrainedModel) -> Example:
    """A few validation rows, spread over time, with what the model says about them."""
    rows = feature_frame(thinned(trained.parts.validation, EXAMPLE_ROWS), trained.spec.features)
    predictions = trained.model.predict(rows)
    return Example(rows=tuple(rows.to_dicts()), predictions=tuple(float(value) for value in predictions))


def plots_of(trained: TrainedModel, *, seed: int) -> dict[str, bytes]:
    """The plots of a training, by file name, all on validation rows."""
    rows, metric = trained.parts.validation, trained.spec.metric
    labels, scores = label_values(rows), {"validation": trained.validation_scores}
    important = importance_plot(importances(trained.model, rows, metric=metric, seed=seed), metric=metric)
    if trained.spec.task == "regression":
        return {"residuals.png": residual_plot(labels, scores), "importance.png": important}
    return {
        "roc.png": roc_plot(labels, scores),
        "calibration.png": calibration_plot(labels, scores),
        "importance.png": important,
    }
