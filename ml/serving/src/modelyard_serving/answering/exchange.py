"""One request and its answer, as the log and the metrics see it: no content, only what happened."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from modelyard_serving.loading.served import ServedModel

SCOPE_KEY = "modelyard.exchange"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Exchange:
    """Filled in while a request is answered."""

    request_id: str
    endpoint: str = "other"
    model: ServedModel | None = None
    """The version that answers."""
    rows: int = 0
    unseen: int = 0
    """Features with values that training never saw."""
    status: int = 0
    error: str | None = None
    """The code of the refusal."""

    @classmethod
    def begin(cls, given: str | None) -> Exchange:
        """A new exchange, under the request id that the client gave if it is a decent one."""
        if given is not None and _REQUEST_ID.fullmatch(given):
            return cls(request_id=given)
        return cls(request_id=secrets.token_hex(8))


def exchange_of(request: Request) -> Exchange:
    """The exchange that `request` belongs to."""
    found: Exchange = request.scope[SCOPE_KEY]
    return found
