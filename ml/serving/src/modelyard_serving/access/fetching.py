"""One GET for a small public document: no redirects, a limit on time and on size."""

from __future__ import annotations

import time
from typing import IO

CALL_SECONDS = 5.0
"""For one step of the call."""
ALL_SECONDS = 10.0
MAX_BYTES = 1 << 20
_PIECE = 1 << 16


def fetch(url: str) -> bytes:
    """What the address answers.

    Raises:
        OSError: It does not answer 200 in time, points elsewhere, or answers more than a megabyte.
    """
    # Here, since it is needed in one thread of one mode, and brings much with it.
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class Straight(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """Nowhere else: the address was pinned, and so is its host."""

    until = time.monotonic() + ALL_SECONDS
    request = Request(url, headers={"Accept": "application/json", "User-Agent": "modelyard-serving"})  # noqa: S310 - the scheme was checked when the settings were read
    try:
        with build_opener(Straight).open(request, timeout=CALL_SECONDS) as answer:
            if answer.status != 200:  # noqa: PLR2004 - OK
                raise OSError(f"the answer is {answer.status}")
            return _read(answer, until)
    except HTTPError as error:
        error.close()
        raise OSError(f"the answer is {error.code}") from error
    except HTTPException as error:
        raise OSError(f"the answer is no HTTP: {error!r}") from error


def _read(answer: IO[bytes], until: float) -> bytes:
    content = b""
    # One read would wait for as long as the other side keeps dripping.
    while piece := answer.read1(_PIECE):  # type: ignore[attr-defined]  # urllib's answer is typed without it
        content += piece
        if len(content) > MAX_BYTES:
            raise OSError(f"the answer is longer than {MAX_BYTES} bytes")
        if time.monotonic() > until:
            raise OSError(f"the answer took longer than {ALL_SECONDS:g} seconds")
    return content
