"""The forms in which a model API is asked for predictions: how rows become a request, and an answer becomes JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelyard.release.calling import Answer
from modelyard.release.request import CSV, HEADER_LENGTH, JSON, OCTETS, Request
from modelyard_bundle import Feature, Signature

Row = Mapping[str, Any]
Body = Callable[[Signature, Sequence[Row]], tuple[bytes, Mapping[str, str]]]
DATATYPES = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "category": "BYTES"}
_CODES = {"number": "d", "integer": "q"}
_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Form:
    """One way to ask."""

    name: str
    path: str
    """With {model}, and {version} where a version is asked by its name."""
    body: Body

    @property
    def names_version(self) -> bool:
        """Whether the version is part of the path, so that no other may answer."""
        return "{version}" in self.path

    def request(self, signature: Signature, rows: Sequence[Row], *, version: str) -> Request:
        """The request for the predictions of some rows."""
        content, headers = self.body(signature, rows)
        return Request(self.path.format(model=signature.model, version=version), content, headers)


def tensors_of(signature: Signature, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows as tensors with their values in JSON, one a feature."""
    return [
        {
            "name": feature.name,
            "shape": [len(rows)],
            "datatype": DATATYPES[feature.kind],
            "data": [row[feature.name] for row in rows],
        }
        for feature in signature.features
    ]


def join_tensors(document: Mapping[str, Any], pieces: Sequence[bytes]) -> tuple[bytes, Mapping[str, str]]:
    """A request with bytes after its JSON."""
    head = json.dumps(document).encode()
    return b"".join((head, *pieces)), {"Content-Type": OCTETS, HEADER_LENGTH: str(len(head))}


def binary_tensor(feature: Feature, rows: Sequence[Row]) -> tuple[dict[str, Any], bytes]:
    """One feature as bytes; as JSON and no bytes where the type cannot say that a value is missing."""
    values = [row[feature.name] for row in rows]
    head: dict[str, Any] = {"name": feature.name, "shape": [len(rows)], "datatype": DATATYPES[feature.kind]}
    if None in values and feature.kind != "number":
        return {**head, "data": values}, b""
    if feature.kind == "category":
        texts = [value.encode() for value in values]
        content = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    elif feature.kind == "boolean":
        content = bytes(values)
    else:
        numbers = [math.nan if value is None else value for value in values]
        content = struct.pack(f"<{len(numbers)}{_CODES[feature.kind]}", *numbers)
    return {**head, "parameters": {"binary_data_size": len(content)}}, content


def document_of(answer: Answer) -> object:
    """The answer as JSON values, with the bytes of binary tensors put into the places where JSON has them."""
    length = answer.headers.get(HEADER_LENGTH.lower())
    if length is None:
        return answer.json()
    document = json.loads(answer.body[: int(length)])
    start = int(length)
    for output in document["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is not None:
            output["data"] = _values(answer.body[start : start + size], output["datatype"])
            start += size
    if start != len(answer.body):
        raise ValueError("bytes after the last tensor belong to none")
    return document


def _values(content: bytes, datatype: str) -> list[Any]:
    if datatype == "FP64":
        return list(struct.unpack(f"<{len(content) // 8}d", content))
    found, start = [], 0
    while start < len(content):
        (size,) = struct.unpack_from("<I", content, start)
        start += _LENGTH + size
        found.append(content[start - size : start].decode())
    return found


def _json(document: object) -> tuple[bytes, Mapping[str, str]]:
    return json.dumps(document).encode(), {"Content-Type": JSON}


def _v2_json(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    return _json({"inputs": tensors_of(signature, rows)})


def _v2_binary(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    tensors, pieces = zip(*(binary_tensor(feature, rows) for feature in signature.features), strict=True)
    return join_tensors({"inputs": tensors, "parameters": {"binary_data_output": True}}, pieces)


def _records(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    del signature
    return _json({"dataframe_records": [dict(row) for row in rows]})


def _split(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    names = signature.names
    data = [[row[name] for name in names] for row in rows]
    return _json({"dataframe_split": {"columns": names, "index": list(range(len(rows))), "data": data}})


def _instances(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    del signature
    return _json({"instances": [dict(row) for row in rows]})


def _inputs(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    return _json({"inputs": {name: [row[name] for row in rows] for name in signature.names}})


def _csv(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(signature.names)
    writer.writerows([_field(row[name]) for name in signature.names] for row in rows)
    return target.getvalue().encode(), {"Content-Type": CSV}


def _field(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _typed(signature: Signature, rows: Sequence[Row]) -> tuple[bytes, Mapping[str, str]]:
    del signature
    return _json({"rows": [dict(row) for row in rows]})


V2_JSON = Form("tensors in JSON", "/v2/models/{model}/infer", _v2_json)
V2_BINARY = Form("binary tensors", "/v2/models/{model}/infer", _v2_binary)
V2_VERSION = Form("tensors, the version named", "/v2/models/{model}/versions/{version}/infer", _v2_json)
RECORDS = Form("dataframe_records", "/models/{model}/invocations", _records)
MLFLOW_JSON = (
    RECORDS,
    Form("dataframe_split", "/models/{model}/invocations", _split),
    Form("instances", "/models/{model}/invocations", _instances),
    Form("inputs", "/models/{model}/invocations", _inputs),
)
MLFLOW_CSV = Form("CSV", "/models/{model}/invocations", _csv)
TYPED = Form("typed rows", "/models/{model}/predict", _typed)
EVERY = (V2_JSON, V2_BINARY, V2_VERSION, *MLFLOW_JSON, MLFLOW_CSV, TYPED)
