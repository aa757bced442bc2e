"""What a model API has to say: the bundle that it is meant to serve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelyard_bundle import BundleContent, Example, Signature

_DATATYPE = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "category": "BYTES"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A version, and how requests to it look."""

    version: str
    digest: str
    signature: Signature
    example: Example

    @classmethod
    def of(cls, content: BundleContent) -> Expectation:
        """What a verified bundle promises."""
        return cls(
            version=content.manifest.version,
            digest=content.manifest.digest,
            signature=content.signature,
            example=content.example,
        )

    @property
    def model(self) -> str:
        """The model's name."""
        return self.signature.model

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The example's rows."""
        return [dict(row) for row in self.example.rows]

    def split(self) -> dict[str, Any]:
        """The example in MLflow's split format."""
        names = list(self.signature.names)
        return {"dataframe_split": {"columns": names, "data": [[row[name] for name in names] for row in self.rows]}}

    def tensors(self, rows: int | None = None) -> list[dict[str, Any]]:
        """The example's first rows as tensors; all of them where `rows` is not given."""
        chosen = self.rows[:rows]
        return [
            {
                "name": feature.name,
                "shape": [len(chosen)],
                "datatype": _DATATYPE[feature.kind],
                "data": [row[feature.name] for row in chosen],
            }
            for feature in self.signature.features
        ]

    def predictions_in(self, answer: object) -> list[float] | None:
        """The numbers in an answer of either protocol; none if it is no such answer."""
        if not isinstance(answer, Mapping):
            return None
        found = self._tensor(answer) if "outputs" in answer else answer.get("predictions")
        if not isinstance(found, list):
            return None
        if self.signature.task == "binary" and "predictions" in answer:
            found = [item.get("probability") if isinstance(item, Mapping) else None for item in found]
        return found if all(isinstance(value, int | float) for value in found) else None

    def labels_in(self, answer: object) -> list[str] | None:
        """The labels in an answer of MLflow's protocol; none if it has none."""
        found = answer.get("predictions") if isinstance(answer, Mapping) else None
        if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
            return None
        return [item.get("label") for item in found]

    def expected_labels(self) -> list[str]:
        """The labels that the recorded probabilities mean."""
        output = self.signature.output
        threshold = output.threshold or 0.0
        return [output.labels[int(value >= threshold)] for value in self.example.predictions]

    def _tensor(self, answer: Mapping[str, Any]) -> object:
        wanted = "probability" if self.signature.task == "binary" else self.signature.output.name
        for output in answer["outputs"]:
            if isinstance(output, Mapping) and output.get("name") == wanted:
                return output.get("data")
        return None
