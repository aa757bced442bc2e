"""MLflow's request formats, and the answer that its clients expect."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.table import Table
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.asking import Rendered, Told, read_flag, records_document, render_json
from modelyard_serving.protocols.bodies import CSV, parse_json
from modelyard_serving.refusals import RequestRefusedError

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_TEXT = frozenset({str})
_KEYS = frozenset({*FORMATS, "params"})
_TRUE_FALSE = {"true": True, "false": False}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_QUOTED = 5


@dataclass(frozen=True, slots=True)
class Invocation:
    """A request to /invocations."""

    columns: Mapping[str, Values]
    explain: bool = False
    ignored: tuple[str, ...] = ()
    """Params that the model does not take. MLflow ignores them too, but says so only in its log."""

    def render(self, model: ServedModel, told: Told) -> Rendered:
        """MLflow's answer, and beside it which model gave it."""
        document = records_document(model, told)
        if self.ignored:
            names = ", ".join(name[:40] for name in self.ignored[:_QUOTED])
            document["warnings"] = [*told.warnings, f"params that the model does not take were ignored: {names}"]
        return render_json(document)


def read_invocation(body: bytes, media: str, decoder: Decoder) -> Invocation:
    """The request in a body of one of MLflow's formats.

    Raises:
        RequestRefusedError: It is not exactly one of the formats, or not of the model's features.
    """
    if media == CSV:
        return Invocation(decode_csv(body, decoder))
    document = parse_json(body)
    columns = decode_json(document, decoder)
    params = document.get("params")
    if not params:
        return Invocation(columns)
    if not isinstance(params, dict):
        raise RequestRefusedError("wrong_type", "params is an object")
    explain = read_flag(params.get("explain", False), "params.explain")
    return Invocation(columns, explain, tuple(name for name in params if name != "explain"))


def decode_json(document: Mapping[str, Any], decoder: Decoder) -> Mapping[str, Values]:
    """The columns in an MLflow request.

    Raises:
        RequestRefusedError: It is not exactly one of MLflow's formats, or not of the model's features.
    """
    given = [name for name in FORMATS if name in document]
    if len(given) != 1 or not document.keys() <= _KEYS:
        found = ", ".join(key[:40] for key in sorted(document)[:_QUOTED]) or "nothing"
        raise RequestRefusedError("unknown_format", f"expected exactly one of {', '.join(FORMATS)}; found {found}")
    return _READERS[given[0]](document[given[0]], decoder)


def _split(value: object, decoder: Decoder) -> Mapping[str, Values]:
    if not isinstance(value, dict) or not {"columns", "data"} <= value.keys() <= {"columns", "data", "index"}:
        raise RequestRefusedError("malformed_split", "dataframe_split is an object with columns, data and maybe index")
    columns, data = value["columns"], value["data"]
    if isinstance(columns, list) and (names := tuple(columns)) == decoder.names:
        # As nearly every client sends them: then nothing of what follows can be wrong.
        return _by_column(names, data, "dataframe_split.data", decoder)
    if not isinstance(columns, list) or not set(map(type, columns)) <= _TEXT:
        raise RequestRefusedError("malformed_split", "dataframe_split.columns is a list of texts")
    if len(set(columns)) != len(columns):
        raise RequestRefusedError("duplicate_feature", "dataframe_split.columns names a feature twice")
    decoder.check_names(columns)
    return _by_column(tuple(columns), data, "dataframe_split.data", decoder)


def _by_column(names: tuple[str, ...], data: object, where: str, decoder: Decoder) -> Mapping[str, Values]:
    rows = _checked_rows(names, data, where)
    if names == decoder.names and decoder.is_numeric:
        return Table(names, len(rows), rows[0] if len(rows) == 1 else list(chain.from_iterable(rows)))
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _checked_rows(names: tuple[str, ...], data: object, where: str) -> list[list[Any]]:
    if not isinstance(data, list):
        raise RequestRefusedError("malformed_rows", f"{where} is a list of rows")
    for index, row in enumerate(data):
        if not isinstance(row, list):
            raise RequestRefusedError("malformed_rows", f"{where}[{index}] is a list of values")
        if len(row) != len(names):
            raise RequestRefusedError("ragged", f"{where}[{index}] has {len(row)} values, expected {len(names)}")
    if not data:
        raise RequestRefusedError("no_rows", "there are no rows to predict")
    return data


def decode_rows(value: object, decoder: Decoder) -> Mapping[str, Values]:
    """The columns in a list of objects, one a row.

    Raises:
        RequestRefusedError: It is no such list, or a row has not exactly the model's features.
    """
    if not isinstance(value, list):
        raise RequestRefusedError("malformed_rows", "expected a list of rows")
    for index, row in enumerate(value):
        if not isinstance(row, dict):
            raise RequestRefusedError("malformed_rows", f"row {index} is not an object of features")
        if row.keys() != decoder.expected:
            _name_row(index, row, decoder)
    if decoder.is_numeric and value:
        flat = [row[name] for row in value for name in decoder.names]
        return Table(decoder.names, len(value), flat)
    return {name: [row[name] for row in value] for name in decoder.names}


def _name_row(index: int, row: dict[str, Any], decoder: Decoder) -> None:
    try:
        decoder.check_names(row.keys())
    except RequestRefusedError as error:
        raise RequestRefusedError(error.code, f"row {index}: {error.message}") from error


def _instances(value: object, decoder: Decoder) -> Mapping[str, Values]:
    """Rows as objects, or as lists in the order of the signature; columns by name; of a lone feature, its values."""
    if isinstance(value, dict):
        return _columns(value, decoder)
    if not isinstance(value, list) or not value or isinstance(value[0], dict):
        return decode_rows(value, decoder)
    if isinstance(value[0], list):
        return _by_column(decoder.names, value, "rows", decoder)
    if len(decoder.names) == 1 and not any(isinstance(item, dict | list) for item in value):
        return {decoder.names[0]: value}
    return decode_rows(value, decoder)


def _inputs(value: object, decoder: Decoder) -> Mapping[str, Values]:
    """The same as `instances`."""
    if not isinstance(value, dict | list):
        raise RequestRefusedError("malformed_inputs", "inputs is an object of columns, or a list of rows")
    return _instances(value, decoder)


def _columns(value: dict[str, Any], decoder: Decoder) -> Mapping[str, Values]:
    """Lists of values by name, or single values: one row."""
    decoder.check_names(value.keys())
    if not any(isinstance(column, dict | list) for column in value.values()):
        return {name: [single] for name, single in value.items()}
    for name, column in value.items():
        if not isinstance(column, list):
            raise RequestRefusedError("malformed_inputs", f"{name} is a list of values, as the others are")
    return value


_READERS: Mapping[str, Callable[[object, Decoder], Mapping[str, Values]]] = {
    "dataframe_split": _split,
    "dataframe_records": decode_rows,
    "instances": _instances,
    "inputs": _inputs,
}


def decode_csv(body: bytes, decoder: Decoder) -> Mapping[str, Values]:
    """The columns in a CSV document with a header; an empty field is a missing value.

    A first column without a name is the index that pandas writes, and says nothing about the row.

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
    if len(set(lines[0])) != len(lines[0]):
        raise RequestRefusedError("duplicate_feature", "the header names a feature twice")
    rows = _checked_rows(tuple(lines[0]), [line for line in lines[1:] if line], "rows")
    texts = dict(zip(lines[0], zip(*rows, strict=True), strict=True))
    if lines[0][0] == "":
        del texts[""]
    decoder.check_names(texts.keys())
    return {name: [_typed(field, decoder.kinds[name]) for field in column] for name, column in texts.items()}


def _typed(text: str, kind: str) -> object:
    """A field as the value it stands for. What cannot be read stays text, and is refused as such further on."""
    if text == "":
        return None
    if kind == "category":
        return text
    plain = text.strip(" ")
    if kind == "boolean":
        return _TRUE_FALSE.get(plain.lower(), text)
    if kind == "integer" and _WHOLE.fullmatch(plain):
        return int(plain)
    return float(plain) if _NUMBER.fullmatch(plain) else text
