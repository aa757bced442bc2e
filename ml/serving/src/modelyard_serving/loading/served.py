"""A model as it is served: loaded, checked, and never changed again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import polars as pl

from modelyard_bundle import Example, Manifest, Signature
from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.encoding import Encoding, Matrix
from modelyard_serving.observing.counters import VersionKey
from modelyard_serving.plans.plan import Plan
from modelyard_serving.refusals import PredictionFailedError, RequestRefusedError


class Predict(Protocol):
    """One number a row: a probability of the second label, or the value itself."""

    def __call__(self, frame: pl.DataFrame, /) -> Any:  # noqa: ANN401 - a numpy array; numpy is not imported here
        """An array with one number a row of `frame`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """The rows of one request, as a model takes them: as a matrix for its plan, or as a frame for its pipeline."""

    height: int
    """Rows."""
    matrix: Matrix | None = None
    """float64, rows x features in the order of the signature."""
    frame: pl.DataFrame | None = None
    warnings: Sequence[str] = ()
    """A sentence for each feature with values that training never saw."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says about some rows."""

    values: list[float]
    labels: list[str]
    """One a row for binary models, none for others."""
    above: int = 0
    """Rows that got the second label."""

    def records(self) -> Sequence[object]:
        """One value a row: an object for a binary model, a number otherwise."""
        if not self.labels:
            return self.values
        return [{"probability": value, "label": label} for value, label in zip(self.values, self.labels, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """The fast way from a request's columns to predictions, proven equal to the pipeline's own."""

    plan: Plan
    encoding: Encoding
    cheap: bool
    """Whether a call costs so little that requests need not share it."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One version of a model in memory. A request keeps the one it started with."""

    manifest: Manifest
    signature: Signature
    example: Example
    decoder: Decoder
    predict_values: Predict
    """The pipeline's own way."""
    compiled: Compiled | None = None
    """The compiled way, where there is one that gives the same answers."""

    way: str = "scikit-learn"
    """How it is asked, for the log: by its plan, or by the pipeline itself and why."""
    key: VersionKey = field(init=False)
    """What the metrics count it under."""

    headers: tuple[tuple[bytes, bytes], ...] = field(init=False)
    """What every answer of it carries."""

    def __post_init__(self) -> None:
        named = ((b"x-model-version", self.version.encode()), (b"x-model-digest", self.digest.encode()))
        object.__setattr__(self, "headers", named)
        object.__setattr__(self, "key", VersionKey(self.name, self.version, self.digest))

    @property
    def cheap(self) -> bool:
        """Whether a call costs so little that requests need not share it."""
        return self.compiled is not None and self.compiled.cheap

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

    def decode(self, columns: Mapping[str, Values], *, max_rows: int) -> Decoded:
        """The rows of a request as this model takes them.

        Raises:
            RequestRefusedError: They are not what the signature says.
        """
        if self.compiled is None:
            frame = self.decoder.frame(columns, max_rows=max_rows)
            return Decoded(height=frame.height, frame=frame, warnings=self.decoder.warnings(columns))
        encoding = self.compiled.encoding
        matrix = encoding.matrix(columns, max_rows=max_rows)
        return Decoded(height=len(matrix), matrix=matrix, warnings=encoding.warnings(matrix, columns))

    def warm(self) -> None:
        """Answer the example once, so that the first client does not pay for what happens only once."""
        columns = self.example.columns()
        with suppress(PredictionFailedError, RequestRefusedError):
            self.answer([self.decode(columns, max_rows=len(self.example.rows))])

    def answer(self, waiting: Sequence[Decoded]) -> list[Prediction | PredictionFailedError]:
        """The model's answers to the rows of several requests, in one call."""
        raw = self._raw(waiting)
        height = sum(one.height for one in waiting)
        if raw.shape != (height,):
            raise PredictionFailedError(f"{height} rows gave predictions of shape {raw.shape}")
        values: list[float] = raw.tolist()
        answers: list[Prediction | PredictionFailedError] = []
        start = 0
        for one in waiting:
            part = values if len(waiting) == 1 else values[start : start + one.height]
            start += one.height
            if all(map(math.isfinite, part)):
                answers.append(self._labelled(part))
            else:
                answers.append(PredictionFailedError("a prediction is not a finite number"))
        return answers

    def _raw(self, waiting: Sequence[Decoded]) -> Any:  # noqa: ANN401 - a numpy array; numpy is not imported here
        matrices = [one.matrix for one in waiting if one.matrix is not None]
        if self.compiled is not None and matrices:
            return self.compiled.plan.predict(matrices[0] if len(matrices) == 1 else np.concatenate(matrices))
        frames = [one.frame for one in waiting if one.frame is not None]
        return self.predict_values(frames[0] if len(frames) == 1 else pl.concat(frames))

    def predict(self, frame: pl.DataFrame) -> Prediction:
        """The answer of the pipeline itself, not of its plan, to a decoded frame.

        Raises:
            PredictionFailedError: It gave another number of rows, or numbers that are not finite.
        """
        (answer,) = replace(self, compiled=None).answer([Decoded(height=frame.height, frame=frame)])
        if isinstance(answer, PredictionFailedError):
            raise answer
        return answer

    def _labelled(self, values: list[float]) -> Prediction:
        output = self.signature.output
        if output.threshold is None:
            return Prediction(values=values, labels=[])
        below, above = output.labels
        threshold = output.threshold
        labels = [above if value >= threshold else below for value in values]
        return Prediction(values=values, labels=labels, above=labels.count(above))
