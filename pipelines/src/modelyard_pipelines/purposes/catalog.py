"""Which purposes there are. A folder with a purpose.py is a purpose: adding a folder adds a purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import narwhals as nw

from modelyard.errors import PurposeNotFoundError

FOLDER = Path(__file__).parent
DECLARATION = "purpose.py"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What CURATED/`name` is made of."""

    name: str
    driving: str
    """The source whose batches drive the table: each of its CLEAN rows becomes one row."""
    increments: tuple[str, ...]
    """Other sources that grow; the batch of the same period must be there before the join."""
    snapshots: tuple[str, ...]
    """Sources of which the latest delivery is joined."""
    join: Callable[..., nw.LazyFrame[Any]]
    """Takes the CLEAN tables as lazy frames: the driving one, the increments, the snapshots, in this order."""
    key: tuple[str, ...]
    """The columns that name a row."""

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources, in the order in which `join` takes them."""
        return (self.driving, *self.increments, *self.snapshots)


def purpose_names() -> tuple[str, ...]:
    """The names of all purposes, sorted."""
    return tuple(sorted(file.parent.name for file in FOLDER.glob(f"*/{DECLARATION}")))


def find_purpose(name: str) -> Purpose:
    """The purpose called `name`.

    Raises:
        PurposeNotFoundError: no folder of this name declares a purpose.
    """
    if name not in purpose_names():
        message = f"no purpose is called {name!r}; allowed: {', '.join(purpose_names())}"
        raise PurposeNotFoundError(message, hint="modelyard data curate --help")
    declared = import_module(f"{__package__}.{name}.purpose").PURPOSE
    assert isinstance(declared, Purpose)
    return declared
