"""Folders in which people declare things: those of the workspace, and those that this package brings along."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

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
    name = f"modelyard_folders.{file.parent.name}.{file.stem}"
    specification = importlib.util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None:
        raise InvalidSettingsError(f"{file} cannot be loaded as Python", hint=f"python {file}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        message = f"{file} cannot be run: {type(error).__name__}: {error}"
        raise InvalidSettingsError(message, hint=f"python {file}") from error
    finally:
        del sys.modules[name]
    return module
