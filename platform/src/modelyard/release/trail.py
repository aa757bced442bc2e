"""Where going back leads: what was deployed before each version, kept beside the pointer for good.

A small file for each model. A deployment writes it before it is confirmed; going back marks in it what it undoes, so
that whoever comes after a kill knows that there is something to end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from modelyard_bundle import BundleError, Pointer, write_atomically
from modelyard_bundle.documents import Fields, parse_document, render_document

KEPT = 50
"""Steps of one model; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One version, and what was deployed before it."""

    version: Pointer
    before: Pointer | None
    """None if nothing was deployed."""
    since: str
    """What tells this deployment from another of the same version: its time, ISO 8601 in UTC."""
    undone: bool = False
    """Whether somebody went back, or began to."""


@dataclass(frozen=True, slots=True)
class Trail:
    """The steps of one model."""

    deployments: Path
    model: str

    def step_to(self, version: Pointer) -> Step | None:
        """The last step to a version; none if it was never deployed, or that is not known."""
        found = [step for step in self._read() if step.version == version.alone()]
        return found[-1] if found else None

    def note(self, step: Step) -> None:
        """Remember a step instead of an older one to the same version."""
        plain = replace(step, version=step.version.alone(), before=None if step.before is None else step.before.alone())
        others = [one for one in self._read() if one.version != plain.version]
        document = {"steps": [_document(one) for one in [*others, plain][-KEPT:]]}
        write_atomically(self._path, render_document(document))

    @property
    def _path(self) -> Path:
        return self.deployments / f".{self.model}.trail.json"

    def _read(self) -> Sequence[Step]:
        """What can be read: going back refuses what it does not know, so nothing worse comes of a damaged file."""
        try:
            fields = Fields(parse_document(self._path.read_bytes(), where=self._path.name), where=self._path.name)
            steps = fields.take("steps")
            return [_step(one, where=self._path.name) for one in steps] if isinstance(steps, list) else []
        except (FileNotFoundError, BundleError):
            return []


def _document(step: Step) -> dict[str, Any]:
    before = None if step.before is None else asdict(step.before)
    return {"version": asdict(step.version), "before": before, "since": step.since, "undone": step.undone}


def _step(document: object, *, where: str) -> Step:
    fields = Fields(document, where=where)
    version, before = fields.take("version"), fields.take("before")
    return Step(
        version=_pointer(version),
        before=None if before is None else _pointer(before),
        since=fields.text("since"),
        undone=fields.flag("undone"),
    )


def _pointer(document: object) -> Pointer:
    return Pointer.from_json(render_document(document if isinstance(document, dict) else {}))
