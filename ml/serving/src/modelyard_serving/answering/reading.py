"""Reading a request's body: within its limits, in time, of a known type."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from modelyard_serving.answering.calls import Call, Message
from modelyard_serving.refusals import RequestRefusedError

LINGER_SECONDS = 2.0
"""How long a body that is too large is read and thrown away, so that its client gets to the answer."""
_LINGER_TIMES = 4
"""And how many times the allowed size."""


class ClientLeftError(Exception):
    """The client went away before it had sent its request; nobody waits for an answer."""


async def read_body(call: Call, *, max_bytes: int, seconds: float) -> bytes:
    """The body of a request.

    Raises:
        RequestRefusedError: It is larger than `max_bytes` (413), or slower than `seconds` (408).
        ClientLeftError: The client closed the connection.
    """
    declared = call.headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > max_bytes:
        raise await _too_large(call, max_bytes)
    try:
        async with asyncio.timeout(seconds):
            return await _gather(call, max_bytes)
    except TimeoutError as error:
        text = f"the request took longer than {seconds:g} seconds to arrive"
        raise RequestRefusedError("too_slow", text, status=408, headers={"connection": "close"}) from error


async def _gather(call: Call, max_bytes: int) -> bytes:
    message = await call.receive()
    first = _part(message)
    if not message.get("more_body", False) and len(first) <= max_bytes:
        return first
    parts, size = [first], len(first)
    while size <= max_bytes and message.get("more_body", False):
        message = await call.receive()
        parts.append(_part(message))
        size += len(parts[-1])
    if size > max_bytes:
        parts.clear()
        raise await _too_large(call, max_bytes)
    return b"".join(parts)


def _part(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientLeftError
    body: bytes = message.get("body", b"")
    return body


async def _too_large(call: Call, max_bytes: int) -> RequestRefusedError:
    """The refusal, once the client has sent what it was sending: one that still writes does not read the answer."""
    # Who asks before sending has sent nothing yet, and must not be encouraged.
    discarded = max_bytes * _LINGER_TIMES + 1 if b"expect" in call.headers else 0
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while discarded <= _LINGER_TIMES * max_bytes:
                message = await call.receive()
                discarded += len(_part(message))
                if not message.get("more_body", False):
                    break
    # What is not read must not be taken for the next request.
    text = f"the request is larger than {max_bytes} bytes"
    return RequestRefusedError("too_large", text, status=413, headers={"connection": "close"})


def content_type(call: Call, *allowed: str) -> str:
    """The media type of the body, one of `allowed`.

    Raises:
        RequestRefusedError: It is another one, not UTF-8, or compressed.
    """
    given = call.headers.get(b"content-type", b"")
    if given == b"application/json" and given.decode() in allowed and b"content-encoding" not in call.headers:
        return "application/json"
    media, _, parameters = given.decode("latin-1").partition(";")
    media = media.strip().lower()
    if media not in allowed:
        found = media[:60] or "none"
        message = f"content type is {found}, allowed is {' or '.join(filter(None, allowed))}"
        raise RequestRefusedError("wrong_content_type", message, status=415)
    charset = dict(_pairs(parameters)).get("charset", "utf-8")
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise RequestRefusedError("wrong_charset", f"charset is {charset[:40]}, allowed is utf-8", status=415)
    if call.header(b"content-encoding").lower() not in ("identity", ""):
        raise RequestRefusedError("compressed", "compressed bodies are not taken; send it as it is", status=415)
    return media


def _pairs(parameters: str) -> list[tuple[str, str]]:
    split = (parameter.partition("=") for parameter in parameters.split(";"))
    return [(key.strip().lower(), value.strip().strip('"').lower()) for key, _, value in split]
