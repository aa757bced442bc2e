"""Yards: local environments that play those of Azure. They outlive a run: the next one meets what this one deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

VARIABLE = "MODELYARD_YARDS"
PARAMETER = "standIn"
LOCAL = "local"


class YardKeeper(Protocol):
    """Begins and ends the services of a yard."""

    def up(self, yard: Path, *, checkout: Path) -> str:
        """Begins the services of a yard that was provisioned before; a sentence if that fails."""

    def down(self, yard: Path, *, checkout: Path) -> str:
        """Ends the services of a yard, if any run; its data stays. A sentence if that fails."""


class NoYards:
    """For runs in which nothing stands in for Azure."""

    def up(self, yard: Path, *, checkout: Path) -> str:
        """Nothing."""
        del yard, checkout
        return ""

    def down(self, yard: Path, *, checkout: Path) -> str:
        """Nothing."""
        del yard, checkout
        return ""


def yards_in(folder: Path) -> list[Path]:
    """The yards of a workspace."""
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
