"""Learning, without any server: split, search, refit, measure. The same input gives the same model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.models.interface import Model
from modelyard.models.preparing import label_values, labelled_parts, signature_of
from modelyard.models.searching import Parameters
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import FrozenRows, Parts
from modelyard_bundle.signature import Signature
from modelyard_training.grouping import fit_groups
from modelyard_training.inputs import check_inputs
from modelyard_training.learning import Progress, fitted, measure, metrics_of
from modelyard_training.search.running import SearchResult, search
from modelyard_training.search.triers import Means
from modelyard_training.threads import few_threads

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """A model that has learned, and what is known of it."""

    spec: ModelSpec
    model: Model
    """Refitted on what the declaration says."""
    signature: Signature
    search: SearchResult
    validation_metrics: Mapping[str, float]
    """Of the best parameters fitted on train alone, so that these rows were new to the model."""
    test_metrics: Mapping[str, float]
    """Of the refitted model, on rows that no decision of the training has looked at."""
    validation_scores: NDArray[np.float64]
    """One a validation row, of the model behind `validation_metrics`."""
    parts: Parts
    base_rate: float
    """Binary: the share of positives in the training rows. Regression: their mean."""

    @property
    def learned_until(self) -> str:
        """The time before which all rows lie that the model learned from, ISO 8601."""
        frozen = self.parts.test_rows if self.spec.refit == "train+validation" else self.parts.validation_rows
        return frozen.start

    @property
    def learned(self) -> pl.DataFrame:
        """The rows that the model learned from."""
        return _learned(self.spec, self.parts)

    @property
    def test_rows(self) -> FrozenRows:
        """The rows that the model never learned from."""
        return self.parts.test_rows


def fit_model(
    spec: ModelSpec,
    frame: pl.DataFrame,
    *,
    data_versions: Mapping[str, int],
    seed: int | None = None,
    means: Means | None = None,
    warm: Sequence[Parameters] = (),
    progress: Progress = lambda _step: None,
) -> TrainedModel:
    """Train a model as its declaration says.

    Args:
        spec: The declaration.
        frame: The CURATED table of its purpose.
        data_versions: Table to Delta version, for the frozen rows to be found again.
        seed: Of the search and the estimator; the declaration's if none is given.
        means: How the search is run.
        warm: The best parameters of earlier versions, which the search tries early.
        progress: Told what is done next.

    Raises:
        InvalidModelError: the declaration does not fit the table, a feature leaks the label, or every trial failed.
        DataNotReadyError: the table holds too little, or nothing of a feature.
    """
    parts = labelled_parts(spec, frame, data_versions=data_versions)
    check_inputs(spec, parts, progress=progress)
    chosen = spec.seed if seed is None else seed
    found = search(spec, parts, seed=chosen, progress=progress, means=means, warm=warm)
    with few_threads():
        return _finished(spec, parts, found, means=means or Means(), progress=progress)


def _finished(spec: ModelSpec, parts: Parts, found: SearchResult, *, means: Means, progress: Progress) -> TrainedModel:
    base_rate = float(label_values(parts.train).mean())
    progress(f"fit the best parameters on {parts.train.height:,} rows")
    best = _fit(spec, found, parts.train, means=means)
    scores = best.predict(parts.validation)
    model, learned = best, _learned(spec, parts)
    if spec.refit == "train+validation":
        progress(f"refit on {learned.height:,} rows of train and validation")
        model = _fit(spec, found, learned, means=means)
    return TrainedModel(
        spec=spec,
        model=model,
        signature=signature_of(spec, learned),
        search=found,
        validation_metrics=metrics_of(spec, label_values(parts.validation), scores, base_rate=base_rate),
        validation_scores=scores,
        test_metrics=measure(spec, model, parts.test, base_rate=base_rate),
        parts=parts,
        base_rate=base_rate,
    )


def _learned(spec: ModelSpec, parts: Parts) -> pl.DataFrame:
    import polars as pl

    return pl.concat([parts.train, parts.validation]) if spec.refit == "train+validation" else parts.train


def _fit(spec: ModelSpec, found: SearchResult, rows: pl.DataFrame, *, means: Means) -> Model:
    if not spec.by:
        return fitted(spec, found.best, rows)
    tried = max((trial.seconds / trial.folds for trial in found.trials if trial.folds), default=0.0)
    return fit_groups(spec, found.best, rows, means=means, seconds=tried * rows.height / max(found.rows, 1))
