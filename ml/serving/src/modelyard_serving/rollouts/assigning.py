"""Which version answers a request: a place from 0 to 1 for each, and the candidate has those below its weight.

The weight is read at the moment of the request, so that a candidate can be taken back at once by setting it to 0. In a
canary and a shadow the places come in turn, evenly spread; in an A/B test they follow from the caller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256
from struct import Struct
from typing import Protocol

from modelyard_bundle.rollout import Rollout
from modelyard_serving.decoding.columns import Values

GROUPS = 32
"""Groups of callers (or of requests, where places come in turn) by which the spread of an outcome is measured."""
_GOLDEN = (math.sqrt(5) - 1) / 2
_SCALE = 2.0**-53
_FIRST_WORD = Struct(">Q").unpack_from
_FINE = 1 << 20


class Assign(Protocol):
    """Gives a request its place."""

    def __call__(self, headers: Mapping[bytes, bytes], columns: Mapping[str, Values]) -> float | None:
        """A place from 0 to below 1; none where the caller cannot be told, and the deployed version answers.

        Args:
            headers: By name in lower case.
            columns: The decoded rows by feature; lists or one-dimensional arrays.
        """


def assigner(rollout: Rollout, *, worker: int = 0) -> Assign:
    """What assigns the requests of a rollout in one of several workers."""
    if rollout.key is None:
        return InTurn(place_of(rollout.salt, str(worker).encode()))
    if rollout.key.source == "header":
        return ByHeader(rollout.salt, rollout.key.name)
    return ByFeature(rollout.salt, rollout.key.name)


class InTurn:
    """Places in steps of the golden ratio: of n requests, the candidate has its share to within a few, always."""

    __slots__ = ("_place",)

    def __init__(self, start: float = 0.0) -> None:
        self._place = start

    def __call__(self, headers: Mapping[bytes, bytes], columns: Mapping[str, Values]) -> float:
        """The next place."""
        del headers, columns
        self._place = place = (self._place + _GOLDEN) % 1.0
        return place


class ByHeader:
    """The place of the caller that a header names."""

    __slots__ = ("_name", "_prefix")

    def __init__(self, salt: str, name: str) -> None:
        self._prefix = _prefix(salt)
        self._name = name.encode()

    def __call__(self, headers: Mapping[bytes, bytes], columns: Mapping[str, Values]) -> float | None:
        """The same for the same value, in every process; none where the header is missing or empty."""
        del columns
        value = headers.get(self._name)
        return _place(self._prefix + value) if value else None


class ByFeature:
    """The place of what a feature says, which must be the same in all rows: one request has one answerer."""

    __slots__ = ("_name", "_prefix")

    def __init__(self, salt: str, name: str) -> None:
        self._prefix = _prefix(salt)
        self._name = name

    def __call__(self, headers: Mapping[bytes, bytes], columns: Mapping[str, Values]) -> float | None:
        """The same for the same value, in every process; none where rows differ or say nothing."""
        del headers
        values = columns.get(self._name)
        if values is None or len(values) == 0:
            return None
        first = values[0]
        if len(values) > 1 and any(value != first for value in values):
            return None
        text = _text_of(first)
        return _place(self._prefix + text) if text is not None else None


def place_of(salt: str, value: bytes) -> float:
    """Where a caller stands: SHA-256 of salt and value, as a number from 0 to below 1."""
    return _place(_prefix(salt) + value)


def _prefix(salt: str) -> bytes:
    return salt.encode() + b"\0"


def _place(text: bytes) -> float:
    # The first 53 bits: what a number of this form holds, so that it is never rounded up to 1.
    return float((_FIRST_WORD(sha256(text).digest())[0] >> 11) * _SCALE)


def group_of(place: float) -> int:
    """One of `GROUPS` groups, evenly filled on both sides of any weight."""
    return int(place * _FINE) % GROUPS


def _text_of(value: object) -> bytes | None:
    """One spelling for equal values, however the protocol carried them; none for a value that says nothing."""
    if value is None or value != value:  # noqa: PLR0124 - only NaN is not equal to itself
        return None
    if isinstance(value, str):
        return value.encode()
    # Booleans and numbers alike: True, 1 and 1.0 are equal, and a binary tensor makes each of them 1.0.
    return repr(float(value)).encode()  # type: ignore[arg-type]  # a number: texts went above
