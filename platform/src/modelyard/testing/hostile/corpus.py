"""The corpus: every hostile bundle, by what it does, with the reason that it must be refused for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modelyard.testing.hostile import files, insiders, pointers, seals
from modelyard.testing.hostile.place import Place


@dataclass(frozen=True, slots=True)
class Hostile:
    """One way to attack."""

    name: str
    """What it does, in words."""
    reason: str
    """A pattern that its refusal must match."""
    spoil: Callable[[Place], None]
    """Does it to a sound, signed, deployed bundle."""


CORPUS: dict[str, Hostile] = {
    name: Hostile(name, reason, spoil)
    for group in (pointers.ATTACKS, files.ATTACKS, seals.ATTACKS, insiders.ATTACKS)
    for name, (reason, spoil) in group.items()
}
"""By name."""
