"""Who asks, and the checks that let a request in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from modelyard_serving.access.roles import EVERY_ROLE, Role
from modelyard_serving.refusals import RequestRefusedError

Headers = Sequence[tuple[bytes, bytes]]
"""As ASGI gives them: names in lower case."""
Tell = Callable[..., None]
"""Takes the name of an event and its fields: the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as far as the log may know."""

    client: str
    """The client of the API key, or the id of the application that the token was issued to."""
    credential: str
    """The id of the API key, or how the token was verified; never a secret."""
    roles: frozenset[Role]
    models: frozenset[str] | None = None
    """The models it may ask; none where it may ask all."""

    def check_model(self, name: str) -> None:
        """Let the caller ask this model.

        Raises:
            RequestRefusedError: It may not (403).
        """
        if self.models is not None and name not in self.models:
            allowed = ", ".join(sorted(self.models)) or "none"
            message = f"{self.client} may not ask this model; allowed: {allowed}"
            raise RequestRefusedError("model_not_allowed", message, status=403)


class Access(Protocol):
    """Lets requests in or refuses them.

    The host makes one when it starts, which finds faults early, and looks before each fork; a worker inherits it as it
    is then, so a file that is broken just now locks nobody out, and starts it.
    """

    def look(self) -> None:
        """Read what has changed. For the process that forks: begins no thread, never raises."""

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Get ready to check, waiting at most so long for what comes from elsewhere. Never raises."""

    def check(self, headers: Headers, query: bytes, *, need: Role) -> Caller:
        """Let a request in. Costs microseconds and never waits.

        Args:
            headers: The request's headers, names in lower case.
            query: What stands behind the question mark.
            need: The role that the endpoint asks for.

        Raises:
            RequestRefusedError: No, or no valid, credentials (401); not this role (403); cannot tell now (503).
        """

    def close(self) -> None:
        """Stop what runs in the background."""


ANYBODY = Caller(client="anybody", credential="none", roles=EVERY_ROLE)


class OpenAccess:
    """Lets everybody in: for a model API that only its own machine can reach."""

    def look(self) -> None:
        """Nothing changes."""

    def start(self, *, wait_seconds: float = 0.0) -> None:
        """Nothing to get ready."""

    def check(self, headers: Headers, query: bytes, *, need: Role) -> Caller:
        """Anybody may do anything."""
        del headers, query, need
        return ANYBODY

    def close(self) -> None:
        """Nothing to stop."""


def check_role(caller: Caller, need: Role, *, scheme: str) -> Caller:
    """The caller, if it has the role.

    Raises:
        RequestRefusedError: It has not (403).
    """
    if need in caller.roles:
        return caller
    held = ", ".join(sorted(caller.roles)) or "none"
    challenge = f'{scheme} realm="model-api", error="insufficient_scope", scope="{need}"'
    raise RequestRefusedError(
        "role_missing",
        f"this needs the role {need}; {caller.client} has {held}",
        status=403,
        headers={"www-authenticate": challenge},
    )
