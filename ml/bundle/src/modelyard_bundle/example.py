"""The example: rows with the predictions that training recorded for them. Whoever loads the model repeats them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard_bundle.documents import Fields, parse_document, render_document, shown
from modelyard_bundle.errors import BundleError
from modelyard_bundle.signature import Signature

Scalar = float | int | str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Rows of features, and what the model says about each."""

    rows: tuple[Mapping[str, Scalar], ...]
    """One object a row, feature name to value."""
    predictions: tuple[float, ...]
    """The probability of the second label (binary), or the number (regression), one a row."""

    def __post_init__(self) -> None:
        if not self.rows or len(self.rows) != len(self.predictions):
            raise BundleError(
                f"an example has as many predictions as rows, and at least one: "
                f"found {len(self.rows)} rows and {len(self.predictions)} predictions"
            )

    def columns(self) -> dict[str, list[Scalar]]:
        """The rows turned into columns."""
        return {name: [row[name] for row in self.rows] for name in self.rows[0]}

    def check(self, signature: Signature) -> None:
        """Refuse rows that do not have exactly the features of `signature`.

        Raises:
            BundleError: A row lacks a feature or has another one.
        """
        for index, row in enumerate(self.rows):
            if set(row) != set(signature.names):
                difference = sorted(set(row) ^ set(signature.names))
                raise BundleError(f"row {index} and the signature differ in {', '.join(difference)}", where="example")

    def to_json(self) -> bytes:
        """The content of `example.json`."""
        return render_document({"rows": [dict(row) for row in self.rows], "predictions": list(self.predictions)})

    @classmethod
    def from_json(cls, content: bytes, *, where: str = "example.json") -> Example:
        """The example in the content of `example.json`.

        Raises:
            BundleError: It is not an example.
        """
        fields = Fields(parse_document(content, where=where), where=where)
        rows, predictions = fields.take("rows"), fields.take("predictions")
        fields.end()
        if not isinstance(rows, list) or not all(isinstance(row, dict) and _is_flat(row) for row in rows):
            raise BundleError("rows must be a list of flat objects", where=where)
        if not isinstance(predictions, list) or not all(map(_is_finite, predictions)):
            raise BundleError(f"predictions is {shown(predictions)}, allowed is a list of numbers", where=where)
        return cls(rows=tuple(rows), predictions=tuple(float(value) for value in predictions))


def _is_flat(row: Mapping[str, object]) -> bool:
    return all(value is None or isinstance(value, int | float | str) for value in row.values())


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
