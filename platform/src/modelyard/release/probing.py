"""A live API is asked with a bundle's own example, so that a quiet service gets an answer. Gently: one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from modelyard.errors import ModelApiUnreachableError, ReleaseRefusedError
from modelyard.release.calling import ModelApi
from modelyard.release.connection import Connection
from modelyard.release.credential import CREDENTIAL_VARIABLE
from modelyard.release.forms import V2_JSON
from modelyard.release.request import Request
from modelyard_bundle import BundleContent

MOST_PER_SECOND = 50
_NOT_LET_IN = (401, 403)


@dataclass(slots=True)
class Probe:
    """Asks one API for predictions of single rows, and does not judge the answers: the API counts them itself."""

    api: ModelApi
    sleep: Callable[[float], None] = field(default=time.sleep)
    asked: dict[str, int] = field(default_factory=dict)
    """Requests that were answered, by model."""

    def ask(self, contents: list[BundleContent], *, seconds: float) -> None:
        """Ask for each of these models in turn until the time is over, with a pause after each answer.

        Raises:
            ReleaseRefusedError: The API does not let this caller in.
        """
        until = time.monotonic() + seconds
        with Connection(self.api) as connection:
            while contents and time.monotonic() < until:
                for content in contents:
                    taken = self._ask(connection, content)
                    # Half of the time at most is spent on answering this.
                    self.sleep(max(taken, 1 / MOST_PER_SECOND))

    def _ask(self, connection: Connection, content: BundleContent) -> float:
        """Seconds that one answer took."""
        model, rows = content.manifest.model, content.example.rows
        row = rows[self.asked.get(model, 0) % len(rows)]
        request: Request = V2_JSON.request(content.signature, [row], version=content.manifest.version)
        try:
            answer = connection.ask(request)
        except ModelApiUnreachableError:
            # It may be starting again; whoever watches says so if it stays away.
            return 1.0
        if answer.status in _NOT_LET_IN:
            raise ReleaseRefusedError(
                f"the model API at {self.api.url} does not let this probe in, so it cannot ask for {model}",
                hint=f"put a key with the role predict, or a token, into {CREDENTIAL_VARIABLE}",
            )
        self.asked[model] = self.asked.get(model, 0) + 1
        return answer.seconds
