"""The order that needs give: of the steps of a workflow, and of the tasks of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Protocol, TypeVar

from modelyard.errors import InvalidSettingsError


class Needing(Protocol):
    """Something with a name that comes after others."""

    @property
    def name(self) -> str:
        """What others need it by."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of those that must have ended well before."""


Piece = TypeVar("Piece", bound=Needing)


def in_order(pieces: Sequence[Piece], *, whole: str, piece: str) -> tuple[Piece, ...]:
    """The pieces, each after everything that it needs; otherwise in the order of their declaration.

    Args:
        pieces: what is ordered.
        whole: what they are parts of, for messages: "workflow data flight_delay".
        piece: what one is called, for messages: "step".

    Raises:
        InvalidSettingsError: two share a name, a need names none of them, or the needs run in a circle.
    """
    by_name = {one.name: one for one in pieces}
    if len(by_name) != len(pieces):
        raise InvalidSettingsError(f"{whole}: two {piece}s share a name")
    for one in pieces:
        for need in one.needs:
            if need not in by_name:
                raise InvalidSettingsError(f"{whole}: {piece} {one.name} needs {need!r}, which is none")
    try:
        names = tuple(TopologicalSorter({one.name: one.needs for one in pieces}).static_order())
    except CycleError as error:
        raise InvalidSettingsError(f"{whole}: {piece}s need each other: {error.args[1]}") from error
    return tuple(by_name[name] for name in names)
