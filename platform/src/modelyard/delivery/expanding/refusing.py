"""How a pipeline is refused: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NoReturn

from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

LONGEST_EXCERPT = 60
SHORTEST_START = 3
"""Letters that are enough to know a word by its beginning."""


def refuse(place: Place, message: str, *, hint: str = "") -> NoReturn:
    """Stops with one sentence that begins with file and line.

    Raises:
        InvalidPipelineError: always.
    """
    raise InvalidPipelineError(f"{place}: {message}", hint=hint or f"correct line {place.line} of {place.file}")


def excerpt(text: str) -> str:
    """A text as a message can carry it: quoted, one line, not too long."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= LONGEST_EXCERPT else line[: LONGEST_EXCERPT - 1] + '…'}'"


def near(name: str, allowed: Iterable[str]) -> str:
    """`; did you mean 'steps'?`, or nothing where no allowed name is close."""
    by_lower = {word.lower(): word for word in sorted(allowed)}
    longer = [
        word for word in sorted(by_lower, key=len) if len(name) >= SHORTEST_START and word.startswith(name.lower())
    ]
    found = longer or difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean '{by_lower[found[0]]}'?" if found else ""


def listed(allowed: Iterable[str]) -> str:
    """Names for a sentence."""
    return ", ".join(sorted(allowed, key=str.lower)) or "none"
