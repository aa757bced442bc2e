"""Requests of the Open Inference Protocol for the tiny model: tensors as JSON, as bytes, or some of each."""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

Tensor = tuple[str, str, Sequence[int], Any]
"""Name, datatype, shape, and values or bytes."""
ROWS: Mapping[str, list[Any]] = {
    "distance": [500.5, 80.0],
    "hour": [7, 23],
    "carrier": ["AA", "Größe"],
    "weekend": [True, False],
}
WIRE: Mapping[str, tuple[str, str | None]] = {
    "distance": ("FP64", "<f8"),
    "hour": ("INT64", "<i8"),
    "carrier": ("BYTES", None),
    "weekend": ("BOOL", "?"),
}
"""The datatype of each feature, and what numpy calls it; nothing for texts."""


def as_bytes(values: Sequence[Any], dtype: str | None) -> bytes:
    """The values of a tensor as bytes: numbers in a row, or texts with their lengths."""
    if dtype is None:
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        return b"".join(struct.pack("<I", len(value)) + value for value in encoded)
    return np.array(values, dtype=dtype).tobytes()


def body_of(*tensors: Tensor, tail: bytes = b"", **document: Any) -> tuple[bytes, bytes | None]:  # noqa: ANN401 - any JSON
    """A request of tensors (name, datatype, shape, values or bytes), and its header where there are bytes."""
    inputs: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    for name, datatype, shape, values in tensors:
        tensor = {"name": name, "datatype": datatype, "shape": shape}
        if isinstance(values, bytes):
            pieces.append(values)
            inputs.append({**tensor, "parameters": {"binary_data_size": len(values)}})
        else:
            inputs.append({**tensor, "data": values})
    head = json.dumps({"inputs": inputs, **document}).encode()
    return head + b"".join(pieces) + tail, (str(len(head)).encode() if pieces or tail else None)


def tiny_tensors(
    *, binary: Collection[str] = frozenset(WIRE), changes: Mapping[str, Tensor] | None = None
) -> list[Tensor]:
    """A tensor of each feature: those in `binary` as bytes, those in `changes` as given there."""
    given_tensors: list[Tensor] = []
    for name, (datatype, dtype) in WIRE.items():
        values = as_bytes(ROWS[name], dtype) if name in binary else ROWS[name]
        given_tensors.append((name, datatype, [2], values))
    return [(changes or {}).get(tensor[0], tensor) for tensor in given_tensors]
