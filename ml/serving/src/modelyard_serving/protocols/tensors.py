"""The input tensors of the Open Inference Protocol: one a feature, or one of all features where all are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from modelyard_bundle.signature import FeatureKind
from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.decoding.table import Table
from modelyard_serving.protocols.binary import Buffer, read_values
from modelyard_serving.protocols.datatypes import BOOL, BYTES, DATATYPE_OF, NUMBERS, TAKEN, check_exact
from modelyard_serving.refusals import RequestRefusedError

_TENSOR_KEYS = frozenset({"name", "shape", "datatype", "data", "parameters"})
_BINARY_SIZE = "binary_data_size"
_TWO = 2
_PLAIN_KEYS = 4
"""Name, shape, datatype and data."""
_WHOLE = DATATYPE_OF["integer"]


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor in the form that the protocol gives it; its values not looked at yet."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any] | None
    """The values, if they are in the JSON."""
    size: object = None
    """The number of bytes, if they are not."""


def decode_tensors(document: Mapping[str, Any], decoder: Decoder, buffer: Buffer) -> Mapping[str, Values]:
    """The columns in the inputs of an inference request.

    Args:
        document: The JSON of the request.
        decoder: The model's.
        buffer: What comes after the JSON.

    Raises:
        RequestRefusedError: A tensor is not what its feature takes, or there is not one tensor a feature.
    """
    inputs = document.get("inputs")
    if not isinstance(inputs, list):
        raise RequestRefusedError("malformed_inputs", "inputs is a list of tensors, one a feature")
    if len(inputs) == 1 and _is_table(inputs[0], decoder):
        return _table(_read(inputs[0], 0), decoder, buffer)
    if (quick := _plain_columns(inputs, decoder)) is not None:
        return quick
    tensors: dict[str, _Tensor] = {}
    for index, given in enumerate(inputs):
        tensor = _read(given, index)
        if tensor.name in tensors:
            raise RequestRefusedError("duplicate_feature", f"two tensors are named {tensor.name[:40]}")
        tensors[tensor.name] = tensor
    decoder.check_names(tensors.keys())
    # In the order in which they came, for that is the order of their bytes.
    return {name: _column(tensor, decoder.kinds[name], buffer) for name, tensor in tensors.items()}


def _plain_columns(inputs: list[Any], decoder: Decoder) -> dict[str, Values] | None:
    """The columns of tensors that are as the metadata describes them: in JSON, one list each, of the feature's own
    datatype. Nothing if one is not; then all are looked at closely."""
    columns: dict[str, Values] = {}
    try:
        for given in inputs:
            name, data, datatype, shape = given["name"], given["data"], given["datatype"], given["shape"]
            if (
                len(given) != _PLAIN_KEYS
                or datatype != DATATYPE_OF[decoder.kinds[name]]
                or type(data) is not list
                or type(data[0]) is list
                or shape != [len(data)]
                or type(shape[0]) is not int
                or (datatype == _WHOLE and set(map(type, data)) != {int})
            ):
                return None
            columns[name] = data
    except (KeyError, TypeError, IndexError):
        return None
    return columns if len(columns) == len(inputs) == len(decoder.kinds) else None


def _read(given: object, index: int) -> _Tensor:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise RequestRefusedError("malformed_tensor", f"inputs[{index}] is a tensor with a name")
    if not given.keys() <= _TENSOR_KEYS:
        unknown = min(given.keys() - _TENSOR_KEYS)
        raise RequestRefusedError("unknown_field", f"inputs[{index}]: unknown field {unknown[:40]}")
    parameters = given.get("parameters", {})
    if not isinstance(parameters, dict):
        raise RequestRefusedError("wrong_type", f"inputs[{index}]: parameters is an object")
    if "shared_memory_region" in parameters:
        raise RequestRefusedError("shared_memory", f"inputs[{index}]: shared memory is not taken; send the values")
    name, data, size = given["name"], given.get("data"), parameters.get(_BINARY_SIZE)
    if size is not None and "data" in given:
        raise RequestRefusedError("malformed_tensor", f"{name[:40]}: either data or {_BINARY_SIZE}, not both")
    if size is None and not isinstance(data, list):
        raise RequestRefusedError("malformed_tensor", f"{name[:40]}: data is a list of values")
    # What is no shape and no datatype is refused where it is known which ones would be right.
    return _Tensor(name, given.get("datatype"), given.get("shape"), data, size)  # type: ignore[arg-type]  # checked above


def _column(tensor: _Tensor, kind: FeatureKind, buffer: Buffer) -> Values:
    _check_datatype(tensor, TAKEN[kind])
    rows = _rows(tensor)
    if tensor.data is None:
        values = read_values(buffer.take(tensor.size, tensor.name), tensor.datatype, count=rows, name=tensor.name)
    else:
        values = _unwrapped(tensor.data)
        if len(values) != rows:
            raise RequestRefusedError("ragged", f"{tensor.name}: shape says {rows} rows, data has {len(values)}")
    _check_values(values, tensor, kind)
    return values


def _unwrapped(data: list[Any]) -> list[Any]:
    """Values in a list, or each in a list of its own."""
    if data and isinstance(data[0], list):
        return [item[0] if isinstance(item, list) and len(item) == 1 else item for item in data]
    return data


def _check_datatype(tensor: _Tensor, taken: frozenset[str]) -> None:
    if not isinstance(tensor.datatype, str) or tensor.datatype not in taken:
        allowed = ", ".join(sorted(taken))
        message = f"{tensor.name[:40]}: datatype is {tensor.datatype!r:.40}, allowed is {allowed}"
        raise RequestRefusedError("wrong_datatype", message)


def _check_values(values: Values, tensor: _Tensor, kind: str) -> None:
    if tensor.datatype in (BOOL, BYTES):
        return
    datatype = NUMBERS[tensor.datatype]
    if not isinstance(values, np.ndarray):
        datatype.check(values, tensor.name)
    if kind == "number" and datatype.is_whole and datatype.dtype.itemsize == 8:  # noqa: PLR2004 - bytes of a 64-bit number
        check_exact(values, tensor.name)


def _rows(tensor: _Tensor) -> int:
    """The rows of a tensor of shape [rows] or [rows, 1]."""
    shape = tensor.shape
    if not _is_shape(shape) or len(shape) not in (1, _TWO) or shape[1:] not in ([], [1]):
        message = f"{tensor.name[:40]}: shape is {shape!r:.40}, allowed is [rows] or [rows, 1]"
        raise RequestRefusedError("wrong_shape", message)
    return shape[0]


def _is_shape(shape: object) -> bool:
    return isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)


def _is_table(tensor: object, decoder: Decoder) -> bool:
    """Whether a lone tensor stands for all features: it has two dimensions, and not a feature's name."""
    if not isinstance(tensor, dict) or tensor.get("name") in decoder.expected:
        return False
    shape = tensor.get("shape")
    two = isinstance(shape, list) and len(shape) == _TWO
    return two and decoder.is_numeric


def _table(tensor: _Tensor, decoder: Decoder, buffer: Buffer) -> Mapping[str, Values]:
    """The one tensor of all features, in the order of the signature."""
    count = len(decoder.names)
    _check_datatype(tensor, TAKEN["number"])
    if not _is_shape(tensor.shape) or tensor.shape[1] != count:
        message = f"{tensor.name[:40]}: shape is {tensor.shape!r:.40}, a tensor of all features has [rows, {count}]"
        raise RequestRefusedError("wrong_shape", message)
    rows = tensor.shape[0]
    values: Values
    if tensor.data is None:
        piece = buffer.take(tensor.size, tensor.name)
        values = read_values(piece, tensor.datatype, count=rows * count, name=tensor.name)
    else:
        values = _flat(tensor.data, rows=rows, count=count, name=tensor.name)
    _check_values(values, tensor, "number")
    return Table(decoder.names, rows, values)  # type: ignore[arg-type]  # a list or an array


def _flat(data: list[Any], *, rows: int, count: int, name: str) -> list[Any]:
    if data and all(isinstance(row, list) and len(row) == count for row in data):
        data = data[0] if len(data) == 1 else list(chain.from_iterable(data))
    if len(data) != rows * count:
        message = f"{name[:40]}: shape says {rows} rows of {count} values, data has {len(data)}"
        raise RequestRefusedError("ragged", message)
    return data
