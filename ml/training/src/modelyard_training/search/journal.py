"""The journal of a search: one line a trial, written when it ends. A search that was killed goes on from it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from modelyard.models.searching import Parameters
from modelyard_training.search.trying import Outcome, Task


class Journal:
    """What a search has tried so far, in a file. Without a file nothing is kept.

    Args:
        file: Where; its folder is made if need be.
        key: What the search is made of. A file that belongs to another search is begun anew.
    """

    def __init__(self, file: Path | None, *, key: str) -> None:
        self._file = file
        self._key = key
        self._known = _read(file, key) if file else {}
        if file and not self._known:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"search": key}), encoding="utf-8")

    def known(self, task: Task) -> Outcome | None:
        """What a trial led to, if it ended before and was the same."""
        parameters, outcome = self._known.get(task.number, ({}, None))
        return outcome if parameters == dict(task.parameters) else None

    def write(self, task: Task, outcome: Outcome) -> None:
        """Keep what a trial led to, so that it survives a kill in the next moment."""
        if self._file is None:
            return
        line = {"number": task.number, "parameters": dict(task.parameters), "outcome": asdict(outcome)}
        with self._file.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(line))  # a line of its own even after one that a kill has cut off
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """The search has ended and its result is kept elsewhere."""
        if self._file:
            self._file.unlink(missing_ok=True)


def _read(file: Path, key: str) -> dict[int, tuple[Parameters, Outcome]]:
    """The trials in a file; none if there is no file, or it belongs to another search."""
    if not file.is_file():
        return {}
    lines = [found for text in file.read_text(encoding="utf-8").splitlines() if (found := _parsed(text))]
    if not lines or lines[0].get("search") != key:
        return {}
    return {line["number"]: (line["parameters"], _outcome(line["outcome"])) for line in lines[1:]}


def _parsed(text: str) -> dict[str, Any] | None:
    """A line; nothing where a kill has cut it off."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _outcome(said: dict[str, Any]) -> Outcome:
    return Outcome(losses=tuple(said["losses"]), seconds=float(said["seconds"]), problem=str(said["problem"]))
