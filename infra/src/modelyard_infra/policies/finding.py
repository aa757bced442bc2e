"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken."""

    resource: str
    """Key of the resource."""
    where: str
    """The property, with dots into it; empty when something is missing as a whole."""
    found: str
    allowed: str
