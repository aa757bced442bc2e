"""Reading a request's body: within its limits, in time, of a known type, and strict JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import orjson
from starlette.requests import Request

from modelyard_serving.refusals import RequestRefusedError

JSON = "application/json"
CSV = "text/csv"
INFERENCE_MEDIA = ("", JSON, "application/octet-stream")
"""What inference requests come as: clients of the protocol name no media type, or that of the bytes after the JSON."""
# Possessive, so that a long body is read once. A match is a whole string; the group says that it was a key.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"(\s*+:)?', re.DOTALL)
_NO_NUMBER = re.compile(rb"\b(NaN|Infinity)\b")
_CONTAINERS = frozenset({dict, list})


async def read_body(request: Request, *, max_bytes: int, seconds: float) -> bytes:
    """The body of a request.

    Raises:
        RequestRefusedError: It is larger than `max_bytes` (413), or slower than `seconds` (408).
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                parts.append(part)
    except TimeoutError as error:
        message = f"the request took longer than {seconds:g} seconds to arrive"
        raise RequestRefusedError("too_slow", message, status=408, headers={"connection": "close"}) from error
    return b"".join(parts)


def _too_large(max_bytes: int) -> RequestRefusedError:
    # What is not read must not be taken for the next request.
    message = f"the request is larger than {max_bytes} bytes"
    return RequestRefusedError("too_large", message, status=413, headers={"connection": "close"})


def content_type(request: Request, *allowed: str) -> str:
    """The media type of the body, one of `allowed`.

    Raises:
        RequestRefusedError: It is another one, not UTF-8, or compressed.
    """
    media, _, parameters = request.headers.get("content-type", "").partition(";")
    media = media.strip().lower()
    if media not in allowed:
        found = media[:60] or "none"
        message = f"content type is {found}, allowed is {' or '.join(allowed)}"
        raise RequestRefusedError("wrong_content_type", message, status=415)
    charset = dict(_pairs(parameters)).get("charset", "utf-8")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise RequestRefusedError("wrong_charset", f"charset is {charset[:40]}, allowed is utf-8", status=415)
    if request.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise RequestRefusedError("compressed", "compressed bodies are not taken; send it as it is", status=415)
    return media


def _pairs(parameters: str) -> list[tuple[str, str]]:
    split = (parameter.partition("=") for parameter in parameters.split(";"))
    return [(key.strip().lower(), value.strip().strip('"').lower()) for key, _, value in split]


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
    """The members of all objects in a document; not further than to `enough`."""
    members = 0
    objects: list[dict[str, Any]] = [document]
    lists: list[list[Any]] = []
    while objects or lists:
        if objects:
            found = objects.pop()
            members += len(found)
            values: Iterable[Any] = found.values()
        elif members == enough:
            break
        else:
            values = lists.pop()
        if not _CONTAINERS.isdisjoint(map(type, values)):
            objects.extend(value for value in values if type(value) is dict)
            lists.extend(value for value in values if type(value) is list)
    return members
