"""Folders in which people declare things: those of the workspace, and those that this package brings along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from modelyard.environment.owned_modules import run_module
from modelyard.errors import InvalidSettingsError


def declared(places: Sequence[Path], file: str) -> dict[str, Path]:
    """Every folder below one of the places that holds `file`, by its name; of two with one name the first counts.

    A checkout of the project is workspace and package in one, so both places are the same folder there.
    """
    found: dict[str, Path] = {}
    for place in places:
        for path in sorted(place.glob(f"[!._]*/{file}")):
            found.setdefault(path.parent.name, path.parent)
    return dict(sorted(found.items()))


def load(file: Path) -> ModuleType:
    """The module in a file of such a folder.

    Raises:
        InvalidSettingsError: it cannot be run.
    """
    try:
        return run_module(file, f"modelyard_folders.{file.parent.name}.{file.stem}")
    except Exception as error:
        message = f"{file} cannot be run: {type(error).__name__}: {error}"
        raise InvalidSettingsError(message, hint=f"python {file}") from error
