"""Errors in the form that the clients of a protocol can read."""

from __future__ import annotations

from typing import Any

_PROTOCOL_V2 = "/v2"


def error_document(path: str, *, code: str, message: str, request_id: str) -> dict[str, Any]:
    """The body of an error.

    The Open Inference Protocol says that `error` is a text, and its clients print it as one; what else there is to say
    stands beside it. Elsewhere it is an object.

    Args:
        path: The path that was asked.
        code: A stable name of the reason, for programs.
        message: The reason, for people.
        request_id: Under which the log knows it.
    """
    if path == _PROTOCOL_V2 or path.startswith(f"{_PROTOCOL_V2}/"):
        return {"error": message, "code": code, "request_id": request_id}
    return {"error": {"code": code, "message": message, "request_id": request_id}}
