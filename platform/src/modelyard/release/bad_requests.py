"""Requests that a model API must refuse, for each of its protocols, made from one that it answers."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelyard.release.expectation import Expectation
from modelyard.release.forms import MLFLOW_CSV, RECORDS, TYPED, V2_BINARY, V2_JSON, binary_tensor, join_tensors
from modelyard.release.request import CSV, HEADER_LENGTH, JSON, OCTETS, Request
from modelyard_bundle import Feature

FEATURES = 24
"""At most so many features get wrong values of their own, spread over all of them."""
_WRONG: Mapping[str, tuple[object, ...]] = {
    "number": ("1", True),
    "integer": ("1", True, 0.5, 2**70),
    "boolean": ("true", 1),
    "category": (1, True),
}
_WRONG_TEXTS: Mapping[str, tuple[str, ...]] = {
    "number": ("many", "nan", "1e999", "0x10"),
    "integer": ("many", "0.5", "1e999"),
    "boolean": ("maybe", "2"),
    "category": (),
}
_WRONG_BYTES: Mapping[str, tuple[str, bytes]] = {
    "number": ("FP64", struct.pack("<d", math.inf)),
    "integer": ("FP64", struct.pack("<d", 1.0)),
    "boolean": ("BOOL", b"\x02"),
    "category": ("BYTES", b"\x02\x00\x00\x00\xff\xfe"),
}
_MISSING = struct.pack("<d", math.nan)


@dataclass(frozen=True, slots=True)
class BadRequest:
    """One request, and what is wrong with it."""

    name: str
    request: Request


@dataclass(frozen=True, slots=True)
class _Base:
    """A good row, and the paths that it could be sent to."""

    expected: Expectation
    row: Mapping[str, Any]
    features: Sequence[Feature]

    @property
    def first(self) -> str:
        """The first feature's name."""
        return self.expected.signature.names[0]

    def path(self, template: str) -> str:
        """A path of this model."""
        return template.format(model=self.expected.model, version=self.expected.version)

    def post(self, name: str, template: str, body: bytes, **headers: str) -> BadRequest:
        """One bad request; `content_type` is JSON unless told."""
        given = {"Content-Type": headers.pop("content_type", JSON)}
        return BadRequest(name, Request(self.path(template), body, given | headers))


def bad_requests(expected: Expectation) -> Iterator[BadRequest]:
    """One request for each way of being wrong, protocol after protocol."""
    features = expected.signature.features
    step = -(-len(features) // FEATURES)
    base = _Base(expected, expected.rows[0], features[::step])
    for form in (RECORDS, TYPED):
        yield from _bodies(base, form.name, form.path)
        yield from _row_faults(base, form.name, form.path)
    yield from _mlflow(base)
    yield from _csv(base)
    yield from _tensors(base)
    yield from _binary(base)
    for form in (V2_JSON, RECORDS, TYPED):
        yield from _transport(base, form.name, form.path)


def _bodies(base: _Base, form: str, template: str) -> Iterator[BadRequest]:
    key = "rows" if template == TYPED.path else "dataframe_records"
    for name, body in (
        ("an empty body", b""),
        ("malformed JSON", b'{"' + key.encode() + b'": ['),
        ("bytes that are not UTF-8", b'{"' + key.encode() + b'": "\xff\xfe"}'),
        ("a number that is not finite", _rows(template, {**base.row, base.first: float("nan")})),
        ("ten thousand nested lists", b"[" * 10_000 + b"]" * 10_000),
        ("a list instead of an object", b"[]"),
        ("no format", b"{}"),
        ("an unknown format", b'{"no_such_format": []}'),
        ("a key twice", f'{{"{key}": [], "{key}": []}}'.encode()),
        ("a text instead of rows", json.dumps({key: "rows"}).encode()),
        ("no rows", _rows(template)),
        ("a row that is no object", json.dumps({key: [1]}).encode()),
    ):
        yield base.post(f"{form}: {name}", template, body)


def _row_faults(base: _Base, form: str, template: str) -> Iterator[BadRequest]:
    missing = {name: value for name, value in base.row.items() if name != base.first}
    for name, rows in (
        ("a feature missing", [missing]),
        ("a feature too many", [{**base.row, "no_such_feature": 1}]),
        ("an object as a value", [{**base.row, base.first: {"value": 1}}]),
        ("a list as a value", [{**base.row, base.first: [1]}]),
        ("rows of different features", [base.row, {}]),
    ):
        yield base.post(f"{form}: {name}", template, _rows(template, *rows))
    for name, value in _wrong_values(base.features):
        yield base.post(f"{form}: {name}", template, _rows(template, {**base.row, **value}))


def _rows(template: str, *rows: Mapping[str, Any]) -> bytes:
    return json.dumps({"rows" if template == TYPED.path else "dataframe_records": list(rows)}).encode()


def _wrong_values(features: Sequence[Feature]) -> Iterator[tuple[str, dict[str, Any]]]:
    for feature in features:
        for value in _WRONG[feature.kind]:
            yield f"{value!r} for the {feature.kind} {feature.name}", {feature.name: value}
        if not feature.nullable:
            yield f"null for {feature.name}", {feature.name: None}


def _mlflow(base: _Base) -> Iterator[BadRequest]:
    row, path = base.row, RECORDS.path
    columns = list(row)
    split = {"columns": columns, "data": [list(row.values()), [1, 2, 3] * len(row)]}
    bodies: list[tuple[str, object]] = [
        ("split: ragged rows", {"dataframe_split": split}),
        ("split: columns missing", {"dataframe_split": {"data": []}}),
        ("split: a column twice", {"dataframe_split": {"columns": [*columns, columns[0]], "data": []}}),
        ("split: no rows", {"dataframe_split": {"columns": columns, "data": []}}),
        ("inputs: a text", {"inputs": "rows"}),
        ("instances: no rows", {"instances": []}),
        ("two formats at once", {"dataframe_records": [row], "instances": [row]}),
        ("params that are no object", {"dataframe_records": [row], "params": [1]}),
    ]
    if len(row) > 1:
        ragged = {name: [value] * (2 if name == base.first else 1) for name, value in row.items()}
        bodies.append(("inputs: ragged columns", {"inputs": ragged}))
    for name, document in bodies:
        yield base.post(name, path, json.dumps(document).encode())
    yield base.post(
        "typed rows: explain that is no flag", TYPED.path, json.dumps({"rows": [row], "explain": 1}).encode()
    )


def _csv(base: _Base) -> Iterator[BadRequest]:
    names = list(base.expected.signature.names)
    body, _ = MLFLOW_CSV.body(base.expected.signature, [base.row])
    header, _, line = body.decode().partition("\r\n")
    lines = [
        ("an empty body", b""),
        ("no rows", header.encode()),
        ("bytes that are not UTF-8", body + b"\xff\xfe"),
        ("a row that is too long", f"{header}\r\n{line.strip()},1,2\r\n".encode()),
        ("a feature twice", f"{header},{names[0]}\r\n{line.strip()},1\r\n".encode()),
        ("a feature too many", f"{header},no_such_feature\r\n{line.strip()},1\r\n".encode()),
        ("another header", b"no_such_feature\r\n1\r\n"),
    ]
    for name, content in lines:
        yield base.post(f"CSV: {name}", RECORDS.path, content, content_type=CSV)
    for feature in base.features:
        texts = [*_WRONG_TEXTS[feature.kind], *([] if feature.nullable else [""])]
        for text in texts:
            wrong, _ = MLFLOW_CSV.body(base.expected.signature, [{**base.row, feature.name: text}])
            name = f"CSV: {text!r} for the {feature.kind} {feature.name}"
            yield base.post(name, RECORDS.path, wrong, content_type=CSV)


def _tensors(base: _Base) -> Iterator[BadRequest]:
    first, *others = base.expected.tensors(1)
    without = {key: value for key, value in first.items() if key != "data"}
    cases: list[tuple[str, list[object]]] = [
        ("no tensors", []),
        ("a tensor missing", [*others]),
        ("a tensor twice", [first, first, *others]),
        ("a tensor of an unknown feature", [first, *others, {**first, "name": "no_such_feature"}]),
        ("a tensor of another type", [{**first, "datatype": "FP128"}, *others]),
        ("a tensor of another shape", [{**first, "shape": [7]}, *others]),
        ("a tensor of three dimensions", [{**first, "shape": [1, 1, 1]}, *others]),
        ("a negative shape", [{**first, "shape": [-1]}, *others]),
        ("a tensor without data", [without, *others]),
        ("a tensor without a name", [{**first, "name": None}, *others]),
        ("bytes that were not sent", [{**without, "parameters": {"binary_data_size": 8}}, *others]),
        ("shared memory", [{**without, "parameters": {"shared_memory_region": "region"}}, *others]),
        ("a text instead of a tensor", ["tensor", *others]),
    ]
    cases += [
        (name, [{**tensor, "data": [value.get(str(tensor["name"]), tensor["data"][0])]} for tensor in (first, *others)])
        for name, value in _wrong_values(base.features)
    ]
    for name, tensors in cases:
        yield base.post(f"tensors: {name}", V2_JSON.path, json.dumps({"inputs": tensors}).encode())
    good = {"inputs": base.expected.tensors(1)}
    documents: list[tuple[str, object]] = [
        ("an empty object", {}),
        ("a list instead of an object", []),
        ("an unknown field", {**good, "no_such_field": 1}),
        ("an id that is no text", {**good, "id": 1}),
        ("an unknown output", {**good, "outputs": [{"name": "no_such_output"}]}),
        ("a flag that is none", {**good, "parameters": {"binary_data_output": "yes"}}),
    ]
    for name, document in documents:
        yield base.post(f"tensors: {name}", V2_JSON.path, json.dumps(document).encode())
    yield base.post("tensors: an empty body", V2_JSON.path, b"")
    yield base.post("tensors: malformed JSON", V2_JSON.path, b'{"inputs": [')


def _binary(base: _Base) -> Iterator[BadRequest]:
    body, headers = V2_BINARY.body(base.expected.signature, [base.row])
    length = int(headers[HEADER_LENGTH])
    for name, content, said in (
        ("bytes that belong to no tensor", body + b"\x00", str(length)),
        ("bytes missing", body[:-1], str(length)),
        ("a length that is no number", body, "many"),
        ("a negative length", body, "-1"),
        ("a length beyond the end", body, str(len(body) + 1)),
        ("a length within the JSON", body, "1"),
    ):
        yield base.post(f"binary: {name}", V2_BINARY.path, content, content_type=OCTETS, **{HEADER_LENGTH: said})
    yield base.post("binary: no length", V2_BINARY.path, body, content_type=OCTETS)
    for feature in base.features:
        datatype, content = _WRONG_BYTES[feature.kind]
        yield _binary_value(base, feature, datatype, content, f"{content!r} for the {feature.kind} {feature.name}")
        if feature.kind == "number" and not feature.nullable:
            yield _binary_value(base, feature, "FP64", _MISSING, f"NaN for {feature.name}")


def _binary_value(base: _Base, feature: Feature, datatype: str, content: bytes, name: str) -> BadRequest:
    """The good row as bytes, one feature's replaced."""
    tensors, pieces = [], []
    for other in base.expected.signature.features:
        head, own = binary_tensor(other, [base.row])
        if other.name == feature.name:
            own = content
            size = {"parameters": {"binary_data_size": len(content)}}
            head = {"name": feature.name, "shape": [1], "datatype": datatype, **size}
        tensors.append(head)
        pieces.append(own)
    body, headers = join_tensors({"inputs": tensors}, pieces)
    return BadRequest(f"binary: {name}", Request(base.path(V2_BINARY.path), body, headers))


def _transport(base: _Base, form: str, template: str) -> Iterator[BadRequest]:
    body = json.dumps({"inputs": base.expected.tensors(1)}).encode()
    if template != V2_JSON.path:
        body = _rows(template, base.row)
    yield base.post(f"{form}: another content type", template, body, content_type="text/plain")
    yield base.post(f"{form}: another encoding", template, body, content_type=f"{JSON}; charset=utf-16")
    yield base.post(f"{form}: said to be compressed", template, body, **{"Content-Encoding": "gzip"})
    unknown = template.replace("{model}", "no_such_model")
    yield base.post(f"{form}: an unknown model", unknown, body)
