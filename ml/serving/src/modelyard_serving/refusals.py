"""The answers that are no: a request is refused with a status, a code for programs and a sentence for people."""

from __future__ import annotations

from http import HTTPStatus

CODE_OF_STATUS = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}


class RequestRefusedError(Exception):
    """The request cannot be answered, and the reason is the client's to know.

    Args:
        code: A stable name of the reason.
        message: What was found where, and what is allowed.
        status: The HTTP status, 400 unless told.
        headers: Further headers of the answer.
    """

    def __init__(
        self, code: str, message: str, *, status: int = HTTPStatus.BAD_REQUEST, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = int(status)
        self.headers = headers or {}


class PredictionFailedError(Exception):
    """The model could not answer rows that were in order: a fault on our side, never the client's."""
