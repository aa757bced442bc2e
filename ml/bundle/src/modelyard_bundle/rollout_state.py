"""How a rollout goes: the model API's own small file beside the pointer, `.<model>.rollout.json`.

The model API writes it and the platform reads it; the pointer goes the other way. So each file has one writer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from modelyard_bundle.atomic import write_atomically
from modelyard_bundle.documents import MODEL_NAME, VERSION, Fields, parse_document, render_document, shown
from modelyard_bundle.errors import BundleError

State = Literal["running", "passed", "returned"]
STATES: tuple[State, ...] = ("running", "passed", "returned")
MAX_STATE_BYTES = 64 * 1024
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """What the model API decided about one rollout."""

    rollout: str
    """The id of the rollout that this is about."""
    version: str
    """The candidate's version."""
    state: State
    """running: it gets its share. passed: it has shown itself within its limits, and goes on. returned: it was taken
    back and gets nothing any more."""
    reason: str
    """Why, in a sentence."""
    at: str
    """When this state began, ISO 8601 in UTC."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """The numbers behind it."""

    def to_json(self) -> bytes:
        """The content of the file."""
        return render_document({**asdict(self), "figures": dict(self.figures)})

    @classmethod
    def from_json(cls, content: bytes, *, where: str = "rollout state") -> RolloutState:
        """The state in the content of a file.

        Raises:
            BundleError: A field is missing, unknown or of the wrong form.
        """
        fields = Fields(parse_document(content, where=where), where=where)
        state: Any = fields.choice("state", STATES)
        found = cls(
            rollout=fields.text("rollout", _ID),
            version=fields.text("version", VERSION),
            state=state,
            reason=fields.text("reason"),
            at=fields.text("at"),
            figures=_figures(fields.take("figures"), where=f"{where}.figures"),
        )
        fields.end()
        return found


def rollout_state_path(deployments: Path, model: str) -> Path:
    """Where the state of the rollout of `model` lies. No pointer has such a name."""
    if MODEL_NAME.fullmatch(model) is None:
        raise BundleError(f"model is {shown(model)}, allowed is {MODEL_NAME.pattern}")
    return deployments / f".{model}.rollout.json"


def read_rollout_state(deployments: Path, model: str) -> RolloutState | None:
    """The state of the rollout of `model`; none where no rollout was ever begun.

    Raises:
        BundleError: There is a file, and it is no such state.
    """
    path = rollout_state_path(deployments, model)
    try:
        if path.stat().st_size > MAX_STATE_BYTES:
            raise BundleError(f"larger than {MAX_STATE_BYTES} bytes", where=path.name)
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return RolloutState.from_json(content, where=path.name)


def write_rollout_state(deployments: Path, model: str, state: RolloutState) -> None:
    """Replace the state in one step."""
    write_atomically(rollout_state_path(deployments, model), state.to_json())


def _figures(document: object, *, where: str) -> dict[str, float]:
    fields = Fields(document, where=where)
    names = list(document) if isinstance(document, dict) else []
    found = {}
    for name in names:
        value = fields.number(name)
        if value is None:
            raise BundleError(f"{name} is null, allowed is a number", where=where)
        found[name] = float(value)
    return found
