"""What steps may refer to, read from a repository."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelyard.delivery.linting.study import CommandCheck, Repository

SKIPPED = frozenset({".git", ".venv", ".modelyard", "node_modules", "__pycache__"})
TARGET = re.compile(r"^([A-Za-z0-9][\w.-]*(?:\s+[A-Za-z0-9][\w.-]*)*)\s*:(?!=)", re.MULTILINE)


def any_command(words: object) -> str | None:
    """For pipelines of other repositories: every command counts as one that exists."""
    del words
    return None


def read_repository(root: Path, commands: CommandCheck, *, unused: tuple[str, ...] = ()) -> Repository:
    """Files, targets of the Makefile and console scripts."""
    files = frozenset(_files(root))
    return Repository(
        files=files,
        targets=frozenset(_targets(root)),
        programs=frozenset(_programs(root, files)),
        commands=_remembering(commands),
        unused=unused,
    )


def _files(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _targets(root: Path) -> Iterator[str]:
    makefile = root / "Makefile"
    if makefile.is_file():
        for found in TARGET.findall(makefile.read_text(encoding="utf-8")):
            yield from found.split()


def _programs(root: Path, files: frozenset[str]) -> Iterator[str]:
    for name in files:
        if name == "pyproject.toml" or name.endswith("/pyproject.toml"):
            try:
                project = tomllib.loads((root / name).read_text(encoding="utf-8")).get("project", {})
            except (tomllib.TOMLDecodeError, UnicodeDecodeError):
                continue
            yield from project.get("scripts", {})


def _remembering(commands: CommandCheck) -> CommandCheck:
    """The same line stands in many expansions; it is looked at once."""
    known: dict[tuple[str, ...], str | None] = {}

    def check(words: Sequence[str]) -> str | None:
        key = tuple(words)
        if key not in known:
            known[key] = commands(key)
        return known[key]

    return check
