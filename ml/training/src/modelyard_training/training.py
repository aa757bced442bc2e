"""One training from end to end: what was done before is not done again, what was cut off is picked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from modelyard.models.features import feature_frame
from modelyard.models.searching import Parameters
from modelyard.models.spec import ModelSpec
from modelyard.models.storage import dump_pipeline
from modelyard.registry.registry import ModelRegistry
from modelyard.registry.versions import ModelVersion
from modelyard_bundle.example import Example
from modelyard_training.documents import documents_of
from modelyard_training.fitting import TrainedModel, fit_model
from modelyard_training.learning import Progress, thinned
from modelyard_training.plots import plots_of
from modelyard_training.provenance import Provenance, fingerprint_of
from modelyard_training.search.triers import Means
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
    variant: str = ""
    """Which of the declared ways to build it; empty for `build` itself."""


def train(
    spec: ModelSpec,
    read: Callable[[], pl.DataFrame],
    *,
    data_versions: Mapping[str, int],
    source: str,
    tracker: Tracker,
    registry: ModelRegistry,
    provenance: Provenance,
    variant: str = "",
    seed: int | None = None,
    means: Means | None = None,
    warm: Callable[[], Sequence[Parameters]] = tuple,
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
        variant: Which of the declared ways to build it `spec` stands for; it is kept with the version.
        seed: Of search and estimator; the declaration's if none is given.
        means: How the search is run. Its journal is kept until the version is registered.
        warm: Gives the best parameters of earlier versions; called only if there is something to learn.
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
    chosen_means = replace(means or Means(), source=fingerprint)
    record = _learned(
        spec,
        read,
        fingerprint=fingerprint,
        provenance=provenance,
        data_versions=data_versions,
        variant=variant,
        seed=chosen,
        means=chosen_means,
        warm=warm,
        progress=progress,
    )
    version = registry.register(tracker.record(record))
    if chosen_means.journal:
        chosen_means.journal.unlink(missing_ok=True)
    progress(f"registered as version {version.version}")
    return Training(version=version, fresh=True, test_metrics=record.trained.test_metrics)


def _learned(
    spec: ModelSpec,
    read: Callable[[], pl.DataFrame],
    *,
    fingerprint: str,
    provenance: Provenance,
    data_versions: Mapping[str, int],
    variant: str,
    seed: int,
    means: Means,
    warm: Callable[[], Sequence[Parameters]],
    progress: Progress,
) -> TrainingRecord:
    """Learn, and gather all that is kept of it."""
    started = time.monotonic()
    trained = fit_model(
        spec, read(), data_versions=data_versions, seed=seed, means=means, warm=warm(), progress=progress
    )
    # Types that are not trusted are refused before anything is recorded.
    content = dump_pipeline(trained.model.pipeline) if spec.flavour == "sklearn" else b""
    progress("plots and record")
    return TrainingRecord(
        trained=trained,
        fingerprint=fingerprint,
        provenance=provenance,
        data_versions=dict(data_versions),
        seed=seed,
        seconds=time.monotonic() - started,
        example=example_of(trained),
        plots=plots_of(trained, seed=seed),
        variant=variant,
        content=content,
        documents=documents_of(trained, content),
    )


def example_of(trained: TrainedModel) -> Example:
    """A few validation rows, spread over time, with what the model says about them."""
    rows = feature_frame(thinned(trained.parts.validation, EXAMPLE_ROWS), trained.spec.features)
    predictions = trained.model.predict(rows)
    return Example(rows=tuple(rows.to_dicts()), predictions=tuple(float(value) for value in predictions))
