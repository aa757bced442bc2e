"""One connection to a model API that is kept open, as a client under load keeps it."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from modelyard.errors import ModelApiUnreachableError
from modelyard.release.calling import Answer, ModelApi
from modelyard.release.request import Request


@dataclass(slots=True)
class Connection:
    """Asks one request after the other; opens again when the API has said that it closes."""

    api: ModelApi
    _open: http.client.HTTPConnection | None = field(default=None)

    def __enter__(self) -> Self:
        """Nothing is opened before the first request."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def ask(self, request: Request) -> Answer:
        """The answer to a request.

        Raises:
            ModelApiUnreachableError: The connection broke, or nobody answers.
        """
        started = time.perf_counter()
        try:
            connection = self._connection()
            headers = {**request.headers, **self.api.headers}
            connection.request("POST", request.path, request.body, headers)
            with connection.getresponse() as response:
                body = response.read()
                lower = {name.lower(): value for name, value in response.getheaders()}
                closes = response.will_close
        except (OSError, http.client.HTTPException) as error:
            self.close()
            message = f"the connection broke: {type(error).__name__} {error}"
            raise ModelApiUnreachableError(message, hint="the model API's log says more") from error
        if closes:
            self.close()
        return Answer(status=response.status, headers=lower, body=body, seconds=time.perf_counter() - started)

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connection(self) -> http.client.HTTPConnection:
        if self._open is None:
            parts = urlsplit(self.api.checked_url())
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._open = kind(parts.hostname or "", parts.port, timeout=self.api.seconds)
        return self._open
