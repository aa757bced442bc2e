"""Which path leads to which endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelyard_serving.access.roles import Role, role_of
from modelyard_serving.answering.calls import Handler
from modelyard_serving.refusals import RequestRefusedError

_PART = r"([^/]+)"
_KNOWN_PATHS = 1000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is asked at a path, and who answers."""

    name: str
    method: str
    handler: Handler
    role: Role | None
    """What the caller must be allowed to do; none where anybody may ask."""


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint, and the names that stood in the path."""

    endpoint: Endpoint
    names: Mapping[str, str]


@dataclass(slots=True)
class Routes:
    """The endpoints by path; `{name}` and `{version}` stand for what clients choose."""

    _exact: dict[str, Match] = field(default_factory=dict)
    _patterns: list[tuple[re.Pattern[str], tuple[str, ...], Endpoint]] = field(default_factory=list)
    _known: dict[str, Match] = field(default_factory=dict)
    """Paths that were found before, so that they are looked up and not matched."""

    def add(self, path: str, name: str, *, method: str, handler: Handler) -> None:
        """One more endpoint."""
        endpoint = Endpoint(name, method, handler, role_of(name))
        names = tuple(re.findall(r"\{(\w+)\}", path))
        if not names:
            self._exact[path] = Match(endpoint, {})
            return
        pattern = re.compile(_PART.join(re.escape(part) for part in re.split(r"\{\w+\}", path)))
        self._patterns.append((pattern, names, endpoint))

    def find(self, path: str, method: str) -> Match:
        """The endpoint at `path`.

        Raises:
            RequestRefusedError: There is none (404), or it is asked with another method (405).
        """
        match = self._exact.get(path) or self._known.get(path) or self._match(path)
        if match is None:
            raise RequestRefusedError("not_found", "there is nothing at this path; see /docs", status=404)
        if match.endpoint.method != method:
            wanted = match.endpoint.method
            message = f"this path takes {wanted}, not {method[:20]}; see /docs"
            raise RequestRefusedError("method_not_allowed", message, status=405, headers={"allow": wanted})
        return match

    def _match(self, path: str) -> Match | None:
        for pattern, names, endpoint in self._patterns:
            if (found := pattern.fullmatch(path)) is not None:
                match = Match(endpoint, dict(zip(names, found.groups(), strict=True)))
                if len(self._known) >= _KNOWN_PATHS:
                    self._known.clear()
                self._known[path] = match
                return match
        return None
