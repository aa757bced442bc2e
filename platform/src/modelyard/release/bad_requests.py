"""Requests that a model API must refuse, made from one that it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modelyard.release.expectation import Expectation

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class BadRequest:
    """One request, and what is wrong with it."""

    name: str
    path: str
    body: bytes
    content_type: str = JSON


def bad_requests(expected: Expectation) -> Iterator[BadRequest]:
    """One request for each way of being wrong."""
    invocations = f"/models/{expected.model}/invocations"
    infer = f"/v2/models/{expected.model}/infer"
    row = expected.rows[0]
    first = expected.signature.names[0]
    for name, body in _bodies(row, first):
        yield BadRequest(name, invocations, body)
    for name, value in _values(expected):
        yield BadRequest(name, invocations, _records({**row, **value}))
    for name, tensors in _tensors(expected):
        yield BadRequest(name, infer, json.dumps({"inputs": tensors}).encode())
    yield BadRequest("another content type", invocations, _records(row), "text/plain")
    yield BadRequest("a CSV document without rows", invocations, ",".join(row).encode(), "text/csv")


def _records(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"dataframe_records": list(rows)}).encode()


def _bodies(row: dict[str, Any], first: str) -> Iterator[tuple[str, bytes]]:
    yield "an empty body", b""
    yield "malformed JSON", b'{"dataframe_records": ['
    yield "bytes that are not UTF-8", b'{"dataframe_records": "\xff\xfe"}'
    yield "a number that is not finite", _records({**row, first: float("nan")})
    yield "ten thousand nested lists", b"[" * 10_000 + b"]" * 10_000
    yield "a list instead of an object", b"[]"
    yield "no format", b"{}"
    yield "no rows", _records()
    yield "a key twice", b'{"instances": [], "instances": []}'
    yield "a feature missing", _records({name: value for name, value in row.items() if name != first})
    yield "a feature too many", _records({**row, "no_such_feature": 1})
    yield "an object as a value", _records({**row, first: {"value": 1}})
    yield "rows of different features", _records(row, {})
    data = [list(row.values()), [1]]
    yield "ragged rows", json.dumps({"dataframe_split": {"columns": list(row), "data": data}}).encode()
    ragged = {name: [value] * (2 if name == first and len(row) > 1 else 1) for name, value in row.items()}
    if len(row) > 1:
        yield "ragged columns", json.dumps({"inputs": ragged}).encode()


def _values(expected: Expectation) -> Iterator[tuple[str, dict[str, Any]]]:
    for feature in expected.signature.features:
        wrong: dict[str, list[Any]] = {
            "number": ["1", True],
            "integer": ["1", True, 0.5, 2**70],
            "boolean": ["true", 1],
            "category": [1, True],
        }
        for value in wrong[feature.kind]:
            yield f"{value!r} for the {feature.kind} {feature.name}", {feature.name: value}
        if not feature.nullable:
            yield f"null for {feature.name}", {feature.name: None}


def _tensors(expected: Expectation) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    first, *others = expected.tensors(1)
    yield "no tensors", []
    yield "a tensor twice", [first, first, *others]
    yield "a tensor of another type", [{**first, "datatype": "FP128"}, *others]
    yield "a tensor of another shape", [{**first, "shape": [7]}, *others]
    yield "a negative shape", [{**first, "shape": [-1]}, *others]
    yield "a tensor without data", [{key: value for key, value in first.items() if key != "data"}, *others]
