"""The signature: what a model takes and what it gives, as the model API checks and documents it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, cast

from modelyard_bundle.documents import FEATURE_NAME, MODEL_NAME, Fields, parse_document, render_document, shown
from modelyard_bundle.errors import BundleError

Task = Literal["binary", "regression"]
FeatureKind = Literal["number", "integer", "category", "boolean"]
OutputKind = Literal["probability", "number"]

TASKS: tuple[Task, ...] = ("binary", "regression")
FEATURE_KINDS: tuple[FeatureKind, ...] = ("number", "integer", "category", "boolean")
OUTPUT_OF: dict[Task, OutputKind] = {"binary": "probability", "regression": "number"}
_LABELS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column that the model takes.

    What lies outside `categories`, `minimum` or `maximum` was not seen in training: the model API answers it and
    says so. Only the kind, and null where it is not allowed, are refused.
    """

    name: str
    kind: FeatureKind
    categories: tuple[str, ...] | None = None
    """The values of a category seen in training; none when they were too many to list."""
    minimum: float | None = None
    """The smallest number seen in training."""
    maximum: float | None = None
    """The largest number seen in training."""
    nullable: bool = False
    description: str = ""
    """For people, with the unit."""

    def __post_init__(self) -> None:
        where = f"feature {shown(self.name)}"
        if not isinstance(self.name, str) or FEATURE_NAME.fullmatch(self.name) is None:
            raise BundleError(f"its name must have the form {FEATURE_NAME.pattern}", where=where)
        if self.kind not in FEATURE_KINDS:
            raise BundleError(f"kind is {shown(self.kind)}, allowed is one of {', '.join(FEATURE_KINDS)}", where=where)
        self._check_categories(where)
        self._check_range(where)

    def _check_categories(self, where: str) -> None:
        if self.categories is None:
            return
        if self.kind != "category":
            raise BundleError(f"categories are for a category, not for a {self.kind}", where=where)
        if not self.categories or len(set(self.categories)) != len(self.categories):
            raise BundleError("categories must be distinct, and at least one", where=where)

    def _check_range(self, where: str) -> None:
        given = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        if given and self.kind not in ("number", "integer"):
            raise BundleError(f"minimum and maximum are for numbers, not for a {self.kind}", where=where)
        if any(left > right for left, right in pairwise(given)):
            raise BundleError(f"minimum {self.minimum} is above maximum {self.maximum}", where=where)

    def to_document(self) -> dict[str, Any]:
        """The feature as JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "categories": None if self.categories is None else list(self.categories),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "nullable": self.nullable,
            "description": self.description,
        }

    @classmethod
    def from_document(cls, document: object, *, where: str) -> Feature:
        """The feature in a JSON object; every field must be there."""
        fields = Fields(document, where=where)
        feature = cls(
            name=fields.text("name"),
            kind=cast("FeatureKind", fields.choice("kind", FEATURE_KINDS)),
            categories=_optional_texts(fields, "categories"),
            minimum=fields.number("minimum"),
            maximum=fields.number("maximum"),
            nullable=fields.flag("nullable"),
            description=fields.text("description"),
        )
        fields.end()
        return feature


def _optional_texts(fields: Fields, key: str) -> tuple[str, ...] | None:
    value = fields.take(key)
    return None if value is None else Fields({key: value}, where=key).texts(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What the model gives for one row."""

    name: str
    kind: OutputKind
    """A probability of the second label (binary), or a number (regression)."""
    labels: tuple[str, ...] = ()
    """Binary: the label below the threshold, then the label from the threshold on."""
    threshold: float | None = None
    """Binary: the probability from which on the second label is given."""

    def __post_init__(self) -> None:
        where = f"output {shown(self.name)}"
        if FEATURE_NAME.fullmatch(self.name) is None:
            raise BundleError(f"its name must have the form {FEATURE_NAME.pattern}", where=where)
        if self.kind == "probability":
            if len(self.labels) != _LABELS or len(set(self.labels)) != _LABELS:
                raise BundleError(f"a probability has two distinct labels, found {self.labels!r}", where=where)
            if self.threshold is None or not 0 <= self.threshold <= 1:
                raise BundleError(f"threshold is {self.threshold}, allowed is 0 to 1", where=where)
        elif self.labels or self.threshold is not None:
            raise BundleError("labels and threshold are for a probability", where=where)

    def to_document(self) -> dict[str, Any]:
        """The output as JSON values."""
        return {"name": self.name, "kind": self.kind, "labels": list(self.labels), "threshold": self.threshold}

    @classmethod
    def from_document(cls, document: object, *, where: str) -> Output:
        """The output in a JSON object; every field must be there."""
        fields = Fields(document, where=where)
        output = cls(
            name=fields.text("name"),
            kind=cast("OutputKind", fields.choice("kind", ("probability", "number"))),
            labels=fields.texts("labels"),
            threshold=fields.number("threshold"),
        )
        fields.end()
        return output


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a model takes and gives."""

    model: str
    task: Task
    features: tuple[Feature, ...]
    """In the order in which the pipeline was fitted."""
    output: Output

    def __post_init__(self) -> None:
        if MODEL_NAME.fullmatch(self.model) is None:
            raise BundleError(f"model is {shown(self.model)}, allowed is {MODEL_NAME.pattern}")
        if self.task not in TASKS:
            raise BundleError(f"task is {shown(self.task)}, allowed is one of {', '.join(TASKS)}")
        if self.output.kind != OUTPUT_OF[self.task]:
            raise BundleError(f"the output of a {self.task} model is a {OUTPUT_OF[self.task]}, not {self.output.kind}")
        if not self.features:
            raise BundleError("a model takes at least one feature")
        if len(set(self.names)) != len(self.features):
            raise BundleError("two features have the same name")

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names in order."""
        return tuple(feature.name for feature in self.features)

    def to_json(self) -> bytes:
        """The content of `signature.json`."""
        return render_document(
            {
                "model": self.model,
                "task": self.task,
                "features": [feature.to_document() for feature in self.features],
                "output": self.output.to_document(),
            }
        )

    @classmethod
    def from_json(cls, content: bytes, *, where: str = "signature.json") -> Signature:
        """The signature in the content of `signature.json`.

        Raises:
            BundleError: A field is missing, unknown or of the wrong type, or the parts contradict one another.
        """
        fields = Fields(parse_document(content, where=where), where=where)
        features = fields.take("features")
        if not isinstance(features, list):
            raise BundleError(f"features is {shown(features)}, allowed is a list", where=where)
        signature = cls(
            model=fields.text("model"),
            task=cast("Task", fields.choice("task", TASKS)),
            features=_features(features, where),
            output=Output.from_document(fields.take("output"), where=f"{where}: output"),
        )
        fields.end()
        return signature


def _features(documents: Sequence[object], where: str) -> tuple[Feature, ...]:
    return tuple(
        Feature.from_document(document, where=f"{where}: features[{index}]") for index, document in enumerate(documents)
    )
