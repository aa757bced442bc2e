"""What a caller may do, and what each endpoint asks for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """One thing that a caller may do. None includes another."""

    PREDICT = "predict"
    """Ask for predictions."""
    EXPLAIN = "explain"
    """Ask why: explanations say more about a model than its predictions do."""
    READ = "read"
    """See what is served: metadata, schema, documentation."""
    METRICS = "metrics"
    """Read the metrics."""


EVERY_ROLE = frozenset(Role)
OPEN = frozenset({"live", "ready", "model_ready", "ping"})
"""Endpoints that answer anybody: whoever probes has no key."""
ROLE_OF: Mapping[str, Role] = MappingProxyType(
    {
        "root": Role.READ,
        "server": Role.READ,
        "version": Role.READ,
        "model": Role.READ,
        "openapi": Role.READ,
        "docs": Role.READ,
        "metrics": Role.METRICS,
        "infer": Role.PREDICT,
        "invocations": Role.PREDICT,
        "predict": Role.PREDICT,
        "explain": Role.EXPLAIN,
    }
)


def role_of(endpoint: str) -> Role | None:
    """The role that an endpoint asks for; none where it is open.

    Raises:
        LookupError: Nobody said what the endpoint asks for. Ask when routes are made, not when they are called.
    """
    if endpoint in OPEN:
        return None
    if endpoint not in ROLE_OF:
        known = ", ".join(sorted({*OPEN, *ROLE_OF}))
        raise LookupError(f"no role is said for the endpoint {endpoint!r}; add it to ROLE_OF (known: {known})")
    return ROLE_OF[endpoint]
