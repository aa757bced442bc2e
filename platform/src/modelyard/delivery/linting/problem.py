"""What a check found, before its rule puts its name to it."""

from __future__ import annotations

from dataclasses import dataclass

from modelyard.delivery.places import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """One place and what is wrong there."""

    place: Place
    message: str
    hint: str = ""
