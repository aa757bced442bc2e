"""Listens to the engine: what it does to which resource, what it found, what it complains about."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from modelyard_infra.results import Change

if TYPE_CHECKING:
    from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

OnEvent = Callable[[str], None]

KINDS = {"pulumi:pulumi:Stack": "stack", "pulumi:providers:modelyard": "provider"}
BOOKKEEPING = {"stack", "provider"}
"""Resources that are no part of the environment."""
SHOWN = {"create", "update", "replace", "delete"}
"""Operations worth telling. The halves of a replacement are told once, as `replace`."""
NEEDLESS = re.compile(r"using (?:pulumi-)?[\w-]+ from \$PATH at|A new version of Pulumi|pending operations")
STYLE = re.compile(r"<\{%[^%]*%\}>")
"""The engine's marks for colours."""
LONGEST_VALUE = 60
ACTIVE = {"create": "creating", "update": "changing", "replace": "replacing", "delete": "removing"}


class Recorder:
    """Collects the events of one operation, and tells people about them as they come."""

    def __init__(self, on_event: OnEvent, *, action: str) -> None:
        self.changes: list[Change] = []
        self.found: list[Change] = []
        self.unchanged = 0
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self._on_event = on_event
        self._planning = action == "preview"
        self._counts_refreshed = action == "refresh"
        self._refreshing: set[str] = set()

    def __call__(self, event: EngineEvent) -> None:
        """Takes one event."""
        if event.diagnostic_event is not None:
            self._diagnostic(event.diagnostic_event)
        elif event.resource_pre_event is not None:
            self._before(event.resource_pre_event.metadata)
        elif event.res_outputs_event is not None:
            self._after(event.res_outputs_event.metadata)

    def _before(self, step: StepEventMetadata) -> None:
        operation = step.op.value
        if operation == "refresh":
            self._refreshing.add(step.urn)
        elif operation in SHOWN and _kind(step.urn) not in BOOKKEEPING:
            if self._planning:
                self.changes.append(_change(step, operation))
            else:
                self._on_event(f"{ACTIVE[operation]} {label(step.urn)}")

    def _after(self, step: StepEventMetadata) -> None:
        operation = step.op.value
        if step.urn in self._refreshing:
            self._refreshing.discard(step.urn)
            self._found(step, operation)
        elif operation == "same":
            self.unchanged += _kind(step.urn) not in BOOKKEEPING
        elif operation in SHOWN and not self._planning and _kind(step.urn) not in BOOKKEEPING:
            self.changes.append(_change(step, operation))
            self._on_event(str(self.changes[-1]))

    def _found(self, step: StepEventMetadata, operation: str) -> None:
        if operation == "delete" or (operation == "refresh" and step.new is None):
            finding = Change(_name(step.urn), _kind(step.urn), "gone", _whereabouts(step))
        elif step.detailed_diff or step.diffs:
            finding = _change(step, "changed")
        else:
            self.unchanged += self._counts_refreshed and _kind(step.urn) not in BOOKKEEPING
            return
        self.found.append(finding)
        self._on_event(str(finding))

    def _diagnostic(self, event: DiagnosticEvent) -> None:
        message = STYLE.sub("", event.message).strip()
        if not message or event.severity == "debug" or NEEDLESS.search(message):
            return
        about = label(event.urn) if event.urn and _kind(event.urn) not in BOOKKEEPING else ""
        line = f"{about}: {message}" if about else message
        if event.severity == "error":
            self.errors.append(line)
        elif event.severity == "warning":
            self.warnings.append(line)
            self._on_event(line)
        elif about:
            self._on_event(line)


def label(urn: str) -> str:
    """A resource as people call it: `service mlflow`."""
    return f"{_kind(urn)} {_name(urn)}"


def _kind(urn: str) -> str:
    token = urn.split("::")[2].rpartition("$")[2]
    return KINDS.get(token) or token.rpartition(":")[2].lower()


def _name(urn: str) -> str:
    return urn.split("::", 3)[-1]


def _change(step: StepEventMetadata, operation: str) -> Change:
    if operation == "delete" and _kind(step.urn) == "folder":
        return Change(_name(step.urn), "folder", "forget", f"{_whereabouts(step)} is kept")
    return Change(_name(step.urn), _kind(step.urn), operation, _differences(step))


def _differences(step: StepEventMetadata) -> str:
    if step.old is None or step.new is None:
        return _whereabouts(step)
    old, new = dict(step.old.inputs or {}), dict(step.new.inputs or {})
    keys = sorted({re.split(r"[.\[]", key)[0] for key in (*(step.diffs or ()), *(step.detailed_diff or {}))})
    return "; ".join(_difference(key, old.get(key), new.get(key)) for key in keys)


def _difference(key: str, old: object, new: object) -> str:
    if isinstance(old, list | dict) or isinstance(new, list | dict):
        return f"{key} differs"
    return f"{key}: {_short(new)} as before" if old == new else f"{key}: {_short(old)} → {_short(new)}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _whereabouts(step: StepEventMetadata) -> str:
    state = step.new or step.old
    path = dict(state.inputs or {}).get("path") if state is not None else None
    return str(path or "")
