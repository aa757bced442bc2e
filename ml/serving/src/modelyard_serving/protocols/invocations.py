"""MLflow's request formats, and the answer that its clients expect."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.loading.served import Prediction, ServedModel
from modelyard_serving.refusals import RequestRefusedError

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_TRUE_FALSE = {"true": True, "false": False}


def decode_json(document: Mapping[str, Any], decoder: Decoder) -> dict[str, Values]:
    """The columns in an MLflow request.

    Raises:
        RequestRefusedError: It is not exactly one of MLflow's formats, or not of the model's features.
    """
    given = [name for name in FORMATS if name in document]
    unknown = sorted(set(document) - {*FORMATS, "params"})
    if len(given) != 1 or unknown:
        found = ", ".join(key[:40] for key in sorted(document)[:5]) or "nothing"
        raise RequestRefusedError("unknown_format", f"expected exactly one of {', '.join(FORMATS)}; found {found}")
    if document.get("params"):
        raise RequestRefusedError("params_not_taken", "the model takes no params")
    readers: dict[str, Callable[[Any, Decoder], dict[str, Values]]] = {
        "dataframe_split": _split,
        "dataframe_records": _rows,
        "instances": _rows,
        "inputs": _inputs,
    }
    return readers[given[0]](document[given[0]], decoder)


def _split(value: object, decoder: Decoder) -> dict[str, Values]:
    if not isinstance(value, dict) or not {"columns", "data"} <= set(value) <= {"columns", "data", "index"}:
        raise RequestRefusedError("malformed_split", "dataframe_split is an object with columns, data and maybe index")
    columns, data = value["columns"], value["data"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise RequestRefusedError("malformed_split", "dataframe_split.columns is a list of texts")
    if len(set(columns)) != len(columns):
        raise RequestRefusedError("duplicate_feature", "dataframe_split.columns names a feature twice")
    decoder.check_names(columns)
    return _transpose(tuple(columns), data, "dataframe_split.data")


def _transpose(names: tuple[str, ...], data: object, where: str) -> dict[str, Values]:
    if not isinstance(data, list):
        raise RequestRefusedError("malformed_rows", f"{where} is a list of rows")
    for index, row in enumerate(data):
        if not isinstance(row, list):
            raise RequestRefusedError("malformed_rows", f"{where}[{index}] is a list of values")
        if len(row) != len(names):
            raise RequestRefusedError("ragged", f"{where}[{index}] has {len(row)} values, expected {len(names)}")
    if not data:
        raise RequestRefusedError("no_rows", "there are no rows to predict")
    return dict(zip(names, zip(*data, strict=True), strict=True))


def _rows(value: object, decoder: Decoder) -> dict[str, Values]:
    """Rows as objects, or as lists in the order of the signature."""
    if not isinstance(value, list):
        raise RequestRefusedError("malformed_rows", "expected a list of rows")
    if value and isinstance(value[0], list):
        return _transpose(decoder.names, value, "rows")
    for index, row in enumerate(value):
        if not isinstance(row, dict):
            raise RequestRefusedError("malformed_rows", f"row {index} is not an object of features")
        if row.keys() != decoder.expected:
            _name_row(index, row, decoder)
    return {name: [row[name] for row in value] for name in decoder.names}


def _name_row(index: int, row: dict[str, Any], decoder: Decoder) -> None:
    try:
        decoder.check_names(row.keys())
    except RequestRefusedError as error:
        raise RequestRefusedError(error.code, f"row {index}: {error.message}") from error


def _inputs(value: object, decoder: Decoder) -> dict[str, Values]:
    """Columns by name; or rows, as MLflow takes them too."""
    if isinstance(value, list):
        return _rows(value, decoder)
    if not isinstance(value, dict):
        raise RequestRefusedError("malformed_inputs", "inputs is an object of columns, or a list of rows")
    decoder.check_names(value.keys())
    for name, column in value.items():
        if not isinstance(column, list):
            raise RequestRefusedError("malformed_inputs", f"inputs.{name} is a list of values")
    return value


def decode_csv(body: bytes, decoder: Decoder) -> dict[str, Values]:
    """The columns in a CSV document with a header; an empty field is a missing value.

    Raises:
        RequestRefusedError: It is not UTF-8, not a table of the model's features, or a field is not of its type.
    """
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise RequestRefusedError("bad_utf8", f"the body is not UTF-8: byte {error.start}") from error
    except csv.Error as error:
        raise RequestRefusedError("malformed_csv", f"the body is not CSV: {error}") from error
    if not lines:
        raise RequestRefusedError("empty_body", "the request has no body; CSV with a header is expected")
    header, *rows = lines
    if len(set(header)) != len(header):
        raise RequestRefusedError("duplicate_feature", "the header names a feature twice")
    decoder.check_names(header)
    texts = _transpose(tuple(header), [row for row in rows if row], "rows")
    kinds = {column.feature.name: column.feature.kind for column in decoder.columns}
    return {name: [_typed(field, kinds[name]) for field in column] for name, column in texts.items()}


def _typed(field: object, kind: str) -> object:
    """A field as the value it stands for. What cannot be read stays text, and is refused as such further on."""
    text = str(field)
    if text == "":
        return None
    if kind == "category":
        return text
    if kind == "boolean":
        return _TRUE_FALSE.get(text.lower(), text)
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        return text


def render(model: ServedModel, prediction: Prediction, warnings: list[str]) -> dict[str, Any]:
    """The answer: MLflow's `predictions`, and beside it which model gave them."""
    answer: dict[str, Any] = {
        "predictions": prediction.records(),
        "model": {"name": model.name, "version": model.version, "digest": model.digest},
    }
    if warnings:
        answer["warnings"] = warnings
    return answer
