"""The files that pipelines begin with, and the templates beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MAIN_FILE = "azure-pipelines.yml"
FOLDER = "pipelines/azure"
SUFFIXES = (".yml", ".yaml")
EXTENDS = re.compile(r"^extends\s*:", re.MULTILINE)


def entry_files(root: Path) -> list[str]:
    """The main file, and every file of the folder that extends a template; from the root of the repository."""
    beside = [path for path in _written(sorted((root / FOLDER).glob("*"))) if _extends(path)]
    found = [root / MAIN_FILE] if (root / MAIN_FILE).is_file() else []
    return [path.relative_to(root).as_posix() for path in [*found, *beside]]


def template_files(root: Path) -> list[str]:
    """Every other pipeline file."""
    entries = set(entry_files(root))
    found = _written(sorted((root / FOLDER).rglob("*")))
    return [name for path in found if (name := path.relative_to(root).as_posix()) not in entries]


def _written(paths: list[Path]) -> Iterator[Path]:
    return (path for path in paths if path.suffix in SUFFIXES)


def _extends(path: Path) -> bool:
    return EXTENDS.search(path.read_text(encoding="utf-8")) is not None
