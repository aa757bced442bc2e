"""A model as it is served: loaded, checked, and never changed again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from modelyard_bundle import Example, Manifest, Signature
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.refusals import PredictionFailedError


class Predict(Protocol):
    """One number a row: a probability of the second label, or the value itself."""

    def __call__(self, frame: pl.DataFrame, /) -> Any:  # noqa: ANN401 - a numpy array; numpy is not imported here
        """An array with one number a row of `frame`."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about some rows."""

    values: list[float]
    labels: list[str]
    """One a row for binary models, none for others."""

    def records(self) -> Sequence[object]:
        """One value a row: an object for a binary model, a number otherwise."""
        if not self.labels:
            return self.values
        return [{"probability": value, "label": label} for value, label in zip(self.values, self.labels, strict=True)]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One version of a model in memory. A request keeps the one it started with."""

    manifest: Manifest
    signature: Signature
    example: Example
    decoder: Decoder
    predict_values: Predict

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.model

    @property
    def version(self) -> str:
        """The registered version."""
        return self.manifest.version

    @property
    def digest(self) -> str:
        """SHA-256 of its model.skops."""
        return self.manifest.digest

    def predict(self, frame: pl.DataFrame) -> Prediction:
        """The model's answer to a decoded frame.

        Raises:
            PredictionFailedError: It gave another number of rows, or numbers that are not finite.
        """
        raw = self.predict_values(frame)
        if raw.shape != (frame.height,):
            raise PredictionFailedError(f"{frame.height} rows gave predictions of shape {raw.shape}")
        values: list[float] = raw.tolist()
        if not all(map(math.isfinite, values)):
            raise PredictionFailedError("a prediction is not a finite number")
        return Prediction(values=values, labels=self._labels(values))

    def _labels(self, values: Sequence[float]) -> list[str]:
        output = self.signature.output
        if output.threshold is None:
            return []
        below, above = output.labels
        threshold = output.threshold
        return [above if value >= threshold else below for value in values]
