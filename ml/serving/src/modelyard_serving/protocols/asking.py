"""What every protocol gives: the columns of a request, and its answer in the protocol's own form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from modelyard_serving.decoding.columns import Values
from modelyard_serving.explaining.explanation import Explanation
from modelyard_serving.loading.served import Prediction, ServedModel
from modelyard_serving.refusals import RequestRefusedError

Header = tuple[bytes, bytes]
JSON_HEADER: Header = (b"content-type", b"application/json")
_FLAGS = {"true": True, "1": True, "": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Told:
    """What the model said about the rows of one request."""

    prediction: Prediction
    warnings: Sequence[str] = ()
    explanation: Explanation | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """The body of an answer, and the headers that describe it."""

    body: bytes
    headers: tuple[Header, ...] = (JSON_HEADER,)


class Asked(Protocol):
    """A request, read."""

    @property
    def columns(self) -> Mapping[str, Values]:
        """The values of each feature."""

    @property
    def explain(self) -> bool:
        """Whether the predictions are to be explained."""

    def render(self, model: ServedModel, told: Told) -> Rendered:
        """The answer."""


def render_json(document: object) -> Rendered:
    """An answer in JSON."""
    return Rendered(orjson.dumps(document))


def wants_explanation(query: Mapping[str, str]) -> bool:
    """Whether a query string asks for an explanation with `explain=true`.

    Raises:
        RequestRefusedError: `explain` is neither true nor false.
    """
    if "explain" not in query:
        return False
    return _flag(_FLAGS.get(query["explain"].lower()), "explain in the query string")


def read_flag(value: object, where: str) -> bool:
    """A boolean in a request's body.

    Raises:
        RequestRefusedError: It is not one.
    """
    return _flag(value if isinstance(value, bool) else None, where)


def _flag(value: bool | None, where: str) -> bool:  # noqa: FBT001 - it is what the function is about
    if value is None:
        raise RequestRefusedError("wrong_type", f"{where} is true or false")
    return value


def model_document(model: ServedModel) -> dict[str, str]:
    """Which model answered."""
    return {"name": model.name, "version": model.version, "digest": model.digest}


def records_document(model: ServedModel, told: Told) -> dict[str, Any]:
    """The answer of the protocols that speak of rows: one prediction a row, and who gave it."""
    answer: dict[str, Any] = {"predictions": told.prediction.records(), "model": model_document(model)}
    if told.warnings:
        answer["warnings"] = told.warnings
    if told.explanation is not None:
        answer["explanation"] = told.explanation.document()
    return answer
