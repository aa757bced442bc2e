"""What a body may be, and strict JSON."""

from __future__ import annotations

import re
from typing import Any

import orjson

from modelyard_serving.refusals import RequestRefusedError

JSON = "application/json"
CSV = "text/csv"
INFERENCE_MEDIA = ("", JSON, "application/octet-stream")
"""What inference requests come as: clients of the protocol name no media type, or that of the bytes after the JSON."""
# Possessive, so that a long body is read once. A match is a whole string; the group says that it was a key.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"(\s*+:)?', re.DOTALL)
_NO_NUMBER = re.compile(rb"\b(NaN|Infinity)\b")
_CONTAINERS = frozenset({dict, list})


def parse_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        RequestRefusedError: It is not UTF-8, not JSON, nested too deep, not an object, or names a key twice.
    """
    if not body:
        raise RequestRefusedError("empty_body", "the request has no body; a JSON object is expected")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        hint = "; a missing value is null" if _NO_NUMBER.search(body) else ""
        raise RequestRefusedError("malformed_json", f"the body is not JSON: {error}"[:300] + hint) from error
    if not isinstance(document, dict):
        raise RequestRefusedError("malformed_json", "the body is not a JSON object")
    # The parser keeps the last of two equal keys without a word, so the keys in the text are counted as well. There
    # are no more of them than colons: where that many members were kept, nothing was lost.
    colons = body.count(b":")
    members = _count_members(document, enough=colons)
    if members != colons and _count_keys(body) != members:
        raise RequestRefusedError("duplicate_key", "a key appears twice in one JSON object")
    return document


def _count_keys(body: bytes) -> int:
    return sum(1 for colon in _STRING.findall(body) if colon)


def _count_members(document: dict[str, Any], *, enough: int) -> int:
    """The members of all objects in a document, level by level; not further than to `enough`."""
    members = 0
    level: list[Any] = [document]
    while level:
        members += sum([len(value) for value in level if type(value) is dict])
        if members >= enough:
            break
        inner: list[Any] = []
        for value in level:
            inner.extend(value.values() if type(value) is dict else value)
        level = [value for value in inner if type(value) in _CONTAINERS]
    return members
