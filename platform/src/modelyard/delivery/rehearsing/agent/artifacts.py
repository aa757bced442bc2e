"""Pipeline artifacts: the only thing that goes from one agent to another."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from modelyard.delivery.rehearsing.agent.patterns import matching
from modelyard.delivery.rehearsing.recording.records import RunRecord

NAME = re.compile(r"[^\\/\"':<>|*?\s][^\\/\"':<>|*?]*")


class ArtifactError(Exception):
    """An artifact cannot be published, or is not there."""


def publish(source: Path, name: str, *, by: str, store: Path, record: RunRecord) -> int:
    """Keeps a file or a folder under a name; returns how many files. A name belongs to the job that took it.

    Raises:
        ArtifactError: there is nothing to publish, the name is not allowed, or another job has it.
    """
    if not NAME.fullmatch(name) or name in (".", ".."):
        raise ArtifactError(f"{name!r} is no name for an artifact: it may not hold any of \\ / \" ' : < > | * ?")
    if not source.exists():
        raise ArtifactError(f"there is nothing to publish as {name}: {source} does not exist")
    owner = record.artifacts.get(name)
    if owner not in (None, by):
        raise ArtifactError(f"artifact {name} was already published by {owner}; two of one name are refused")
    torn = store / f".{name}"
    shutil.rmtree(torn, ignore_errors=True)
    _copy(source, torn)
    shutil.rmtree(store / name, ignore_errors=True)
    torn.replace(store / name)
    record.artifacts[name] = by
    return sum(path.is_file() for path in (store / name).rglob("*"))


def download_all(target: Path, *, store: Path, patterns: str = "**") -> dict[str, int]:
    """Puts every artifact into a folder of its name; patterns begin with that name. Returns how many files of each."""
    found = dict.fromkeys(sorted(names_in(store)), 0)
    for path in matching(store, patterns):
        name = path.relative_to(store).parts[0]
        if name in found:
            _copy_file(path, target / path.relative_to(store))
            found[name] += 1
    return found


def download(name: str, target: Path, *, store: Path, patterns: str = "**") -> int:
    """Puts the files of an artifact into a folder; returns how many.

    Raises:
        ArtifactError: nobody published it.
    """
    source = store / name
    if not source.is_dir():
        known = ", ".join(sorted(names_in(store))) or "none"
        raise ArtifactError(f"there is no artifact {name}; this run has: {known}")
    wanted = matching(source, patterns)
    for path in wanted:
        _copy_file(path, target / path.relative_to(source))
    target.mkdir(parents=True, exist_ok=True)
    return len(wanted)


def names_in(store: Path) -> list[str]:
    """The artifacts of a run."""
    return [path.name for path in store.iterdir() if not path.name.startswith(".")] if store.is_dir() else []


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
        return
    target.mkdir()
    shutil.copy2(source, target / source.name)
