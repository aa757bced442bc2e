"""File patterns as tasks take them: one on each line, `**` for any folders, `!` to leave some out."""

from __future__ import annotations

import re
from pathlib import Path


def matching(folder: Path, patterns: str) -> list[Path]:
    """The files below a folder that the patterns choose, in order; a later line may add and take away."""
    chosen: dict[Path, bool] = {}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.is_dir() else []
    for line in filter(None, (line.strip() for line in patterns.splitlines())):
        leaves_out, pattern = line.startswith("!"), _pattern(line.removeprefix("!"), folder)
        for path in files:
            if pattern.fullmatch(path.relative_to(folder).as_posix()):
                chosen[path] = not leaves_out
    return [path for path in files if chosen.get(path)]


def _pattern(text: str, folder: Path) -> re.Pattern[str]:
    """A pattern for paths from the folder; an absolute one is taken from there."""
    relative = text.removeprefix(f"{folder.as_posix()}/").removeprefix("./")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", relative)
    return re.compile("".join(_piece(part) for part in parts))


def _piece(part: str) -> str:
    wild = {"**/": r"(?:[^/]+/)*", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}
    return wild.get(part) or re.escape(part)
