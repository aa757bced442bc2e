"""Reading a request's body: within its limits, in time, of a known type, and strict JSON."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from starlette.requests import Request

from modelyard_serving.refusals import RequestRefusedError

JSON = "application/json"
CSV = "text/csv"
# Possessive, so that a long body is read once. A match is a whole string; the group says that it was a key.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"(\s*+:)?', re.DOTALL)


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
        raise RequestRefusedError("malformed_json", f"the body is not JSON: {error}"[:300]) from error
    if not isinstance(document, dict):
        raise RequestRefusedError("malformed_json", "the body is not a JSON object")
    # The parser keeps the last of two equal keys without a word. So the keys in the text are counted as well.
    if _count_keys(body) != _count_members(document):
        raise RequestRefusedError("duplicate_key", "a key appears twice in one JSON object")
    return document


def _count_keys(body: bytes) -> int:
    return sum(1 for colon in _STRING.findall(body) if colon)


def _count_members(document: dict[str, Any]) -> int:
    members = 0
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            members += len(value)
            waiting.extend(value.values())
        elif type(value) is list:
            waiting.extend(item for item in value if type(item) is dict or type(item) is list)
    return members
