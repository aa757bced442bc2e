"""The unified model interface. Evaluation, scoring and comparison know nothing of a model but this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

from modelyard.models.features import feature_frame
from modelyard_bundle.signature import Feature, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from modelyard.models.spec import ModelSpec


class Predictor(Protocol):
    """Something that gives one score a row."""

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The probability of the positive class (binary), or the number (regression), one a row."""


class Model(Predictor, Protocol):
    """Something that also learns."""

    pipeline: Any
    """The pipeline behind the interface, in its flavour's own words."""
    task: Task
    features: tuple[Feature, ...]

    def fit(self, frame: pl.DataFrame, labels: NDArray[np.float64]) -> Self:
        """Learn from rows and their labels: 0 or 1 (binary), or numbers (regression)."""


class SklearnModel:
    """A scikit-learn pipeline behind the model interface."""

    def __init__(self, pipeline: Any, *, task: Task, features: Sequence[Feature]) -> None:  # noqa: ANN401
        self.pipeline = pipeline
        self.task = task
        self.features = tuple(features)

    def fit(self, frame: pl.DataFrame, labels: NDArray[np.float64]) -> Self:
        """Fit the whole pipeline on the features in `frame`."""
        self.pipeline.fit(feature_frame(frame, self.features), labels)
        return self

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """The probability of the positive class (binary), or the number (regression), one a row."""
        rows = feature_frame(frame, self.features)
        scores: NDArray[np.float64]
        scores = self.pipeline.predict_proba(rows)[:, 1] if self.task == "binary" else self.pipeline.predict(rows)
        return scores


def new_model(spec: ModelSpec, parameters: Mapping[str, Any]) -> Model:
    """An unfitted model as the declaration says: of its flavour, and one pipeline per group where it is grouped."""
    if spec.flavour == "spark":
        from modelyard.models.spark import SparkModel, spark_session

        spark_session()  # a stage of Spark ML lives in it from the start
        return SparkModel(spec.build(parameters), task=spec.task, features=spec.features)
    built = spec.build(parameters)
    if spec.by:
        from modelyard_steps import ByGroup

        built = ByGroup(built, by=list(spec.by), fewest=spec.fewest)
    return SklearnModel(built, task=spec.task, features=spec.features)
