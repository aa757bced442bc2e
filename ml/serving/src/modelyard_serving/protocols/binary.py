"""The binary tensor data extension: values beside the JSON, little endian, tensor after tensor.

After https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md: the header
`Inference-Header-Content-Length` says where the JSON ends, and each tensor's `binary_data_size` how many of the bytes
after it are the tensor's. Numbers become arrays that look into the body; nothing is copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from modelyard_serving.decoding.columns import Array, Values
from modelyard_serving.protocols.datatypes import BOOL, BYTES, NUMBERS
from modelyard_serving.refusals import RequestRefusedError

HEADER = b"inference-header-content-length"
_LENGTH = 4
"""Bytes before each text that say how long it is."""


@dataclass(slots=True)
class Buffer:
    """The bytes after the JSON, taken piece by piece in the order of the tensors."""

    content: bytes
    start: int
    present: bool = True
    """Whether the request said where its JSON ends."""
    _taken: list[str] = field(default_factory=list)

    def take(self, size: object, name: str) -> memoryview:
        """The next `size` bytes, for the tensor `name`.

        Raises:
            RequestRefusedError: It is not a number of bytes, or there are not so many.
        """
        if not self.present:
            message = f"{name}: binary_data_size needs the header Inference-Header-Content-Length"
            raise RequestRefusedError("malformed_binary", message)
        if type(size) is not int or size < 0:
            raise RequestRefusedError("malformed_binary", f"{name}: binary_data_size is {size!r:.40}, not a size")
        left = len(self.content) - self.start
        if size > left:
            raise RequestRefusedError("malformed_binary", f"{name}: binary_data_size is {size}, {left} bytes are left")
        piece = memoryview(self.content)[self.start : self.start + size]
        self.start += size
        return piece

    def end(self) -> None:
        """Refuse bytes that belong to no tensor.

        Raises:
            RequestRefusedError: There are some.
        """
        if left := len(self.content) - self.start:
            raise RequestRefusedError("malformed_binary", f"{left} bytes after the last tensor belong to none")


def split_body(body: bytes, header: bytes | None) -> tuple[bytes, Buffer]:
    """The JSON of a request, and what comes after it.

    Args:
        body: The whole body.
        header: The value of `Inference-Header-Content-Length`, if the request has one.

    Raises:
        RequestRefusedError: The header is not a length within the body.
    """
    if header is None:
        return body, Buffer(body, len(body), present=False)
    text = header.decode("latin-1").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= len(body)):  # noqa: PLR2004 - digits of a 64-bit number
        message = f"Inference-Header-Content-Length is {text[:40]!r}, allowed is 1 to {len(body)}, the size of the body"
        raise RequestRefusedError("malformed_binary", message)
    length = int(text)
    return body[:length], Buffer(body, length)


def read_values(piece: memoryview, datatype: str, *, count: int, name: str) -> Values:
    """The values in a tensor's bytes.

    Raises:
        RequestRefusedError: They are not exactly `count` values of the datatype.
    """
    if datatype == BYTES:
        return _texts(piece, count=count, name=name)
    dtype = np.dtype(np.uint8) if datatype == BOOL else NUMBERS[datatype].dtype
    if len(piece) != count * dtype.itemsize:
        message = f"{name}: {count} values of {datatype} are {count * dtype.itemsize} bytes, found {len(piece)}"
        raise RequestRefusedError("malformed_binary", message)
    values: Array = np.frombuffer(piece, dtype=dtype)
    if datatype != BOOL:
        return values
    if np.count_nonzero(values > 1):
        raise RequestRefusedError("malformed_binary", f"{name}: a BOOL is a byte 0 or 1")
    return values.view(np.bool_)


def _texts(piece: memoryview, *, count: int, name: str) -> list[object]:
    found: list[object] = []
    start, end = 0, len(piece)
    while start < end:
        after = start + _LENGTH
        size = int.from_bytes(piece[start:after], "little")
        if after > end or size > end - after:
            message = f"{name}[{len(found)}]: its length leads beyond the tensor's {end} bytes"
            raise RequestRefusedError("malformed_binary", message)
        if len(found) == count:
            raise RequestRefusedError("malformed_binary", f"{name}: more than the {count} values of its shape")
        try:
            found.append(str(piece[after : after + size], "utf-8"))
        except UnicodeDecodeError as error:
            raise RequestRefusedError("bad_utf8", f"{name}[{len(found)}] is not UTF-8") from error
        start = after + size
    if len(found) != count:
        raise RequestRefusedError("malformed_binary", f"{name}: its shape has {count} values, found {len(found)}")
    return found


def write_numbers(values: Sequence[float] | Array) -> bytes:
    """FP64 values as bytes."""
    return np.asarray(values, dtype="<f8").tobytes()


def write_texts(values: Sequence[str]) -> bytes:
    """BYTES values as bytes."""
    encoded = [value.encode() for value in values]
    return b"".join(part for text in encoded for part in (len(text).to_bytes(_LENGTH, "little"), text))
