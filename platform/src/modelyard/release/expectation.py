"""What a model API has to say: the bundle that it is meant to serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from modelyard.release.forms import tensors_of
from modelyard_bundle import BundleContent, Example, Signature

OF_THE_BUNDLE = "the example in the bundle"
PIECE = 100
"""Rows of one request."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows, and what the registered model says of them."""

    rows: Sequence[Mapping[str, Any]]
    predictions: Sequence[float]
    start: int = 0
    """Which row of the sample is the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A version, and how requests to it look."""

    version: str
    digest: str
    signature: Signature
    example: Example
    sample: Example | None = None
    """More rows, with what the registered model says of them; none where there are none."""
    origin: str = OF_THE_BUNDLE
    """Where the rows of the sample are from; without a sample, why there is none."""

    @classmethod
    def of(cls, content: BundleContent) -> Expectation:
        """What a verified bundle promises."""
        return cls(
            version=content.manifest.version,
            digest=content.manifest.digest,
            signature=content.signature,
            example=content.example,
        )

    def sampled(self, sample: Example | None, *, origin: str) -> Expectation:
        """The same, to be held against more rows.

        Args:
            sample: Rows, and what the registered model says of them; none if there are none to be had.
            origin: Where they are from, or why there are none.
        """
        return replace(self, sample=sample, origin=origin)

    @property
    def model(self) -> str:
        """The model's name."""
        return self.signature.model

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The example's rows."""
        return [dict(row) for row in self.example.rows]

    @property
    def recorded(self) -> Piece:
        """The example."""
        return Piece(self.example.rows, self.example.predictions)

    def pieces(self, rows: int = PIECE) -> list[Piece]:
        """The sample in pieces of at most `rows` rows; the example where there is no sample."""
        held = self.sample or self.example
        return [
            Piece(held.rows[start : start + rows], held.predictions[start : start + rows], start)
            for start in range(0, len(held.rows), rows)
        ]

    def tensors(self, rows: int | None = None) -> list[dict[str, Any]]:
        """The example's first rows as tensors; all of them where `rows` is not given."""
        return tensors_of(self.signature, self.rows[:rows])

    def predictions_in(self, answer: object) -> list[float] | None:
        """The numbers in an answer of any protocol; none if it is no such answer."""
        binary = self.signature.task == "binary"
        found = _found_in(answer, "probability" if binary else self.signature.output.name, alone=not binary)
        return found if found is not None and all(isinstance(value, int | float) for value in found) else None

    def labels_in(self, answer: object) -> list[str] | None:
        """The labels in an answer of any protocol; none if it has none."""
        found = _found_in(answer, "label", alone=False)
        return found if found is not None and all(isinstance(value, str) for value in found) else None

    def label_of(self, prediction: float) -> str:
        """What a probability means."""
        output = self.signature.output
        return output.labels[int(prediction >= (output.threshold or 0.0))]


def _found_in(answer: object, name: str, *, alone: bool) -> list[Any] | None:
    """The values of one output; `alone` says that the protocols of rows give nothing else."""
    if not isinstance(answer, Mapping):
        return None
    found = tensor_in(answer, name) if "outputs" in answer else answer.get("predictions")
    if not isinstance(found, list):
        return None
    if "outputs" in answer or alone:
        return found
    return [item.get(name) if isinstance(item, Mapping) else None for item in found]


def tensor_in(answer: Mapping[str, Any], name: str) -> object:
    """The values of one tensor of an answer; none if it has no such tensor."""
    for output in answer["outputs"]:
        if isinstance(output, Mapping) and output.get("name") == name:
            return output.get("data")
    return None
