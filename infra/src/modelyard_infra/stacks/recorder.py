"""Listens to the engine: what it does to which resource, what it found, what it complains about."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from modelyard_infra.stacks.differences import differences, whereabouts
from modelyard_infra.stacks.kind_names import concern_of, is_bookkeeping, kind_of, label, name_of
from modelyard_infra.stacks.results import Change
from modelyard_infra.stacks.stack_state import Entry

if TYPE_CHECKING:
    from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata

OnEvent = Callable[[str], None]

SHOWN = {"create", "update", "replace", "delete"}
"""Operations worth telling. The halves of a replacement are told once, as `replace`."""
NEEDLESS = re.compile(r"using (?:pulumi-)?[\w-]+ from \$PATH at|A new version of Pulumi|pending operations")
STYLE = re.compile(r"<\{%[^%]*%\}>")
"""The engine's marks for colours."""
ACTIVE = {"create": "creating", "update": "changing", "replace": "replacing", "delete": "removing"}
CREATING = {"create", "create-replacement"}
LOSING = {"replace", "delete", "delete-replaced"}
SOFT_DELETED = re.compile(r"exists in (?:a )?deleted state|recover or purge", re.I)
"""What Azure says when a deleted resource still holds its name, and can be recovered."""
WAS_THERE = re.compile(r"already existing")
"""What azure-native says of a resource that was there before it tried to create it: somebody else's, perhaps."""


class Recorder:
    """Collects the events of one operation, and tells people about them as they come."""

    def __init__(self, on_event: OnEvent, *, action: str) -> None:
        self.changes: list[Change] = []
        self.found: list[Change] = []
        self.unchanged = 0
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self.endangered: list[str] = []
        """Keys of protected resources that would be replaced or removed; some of them twice."""
        self.soft_deleted: list[str] = []
        """Keys of resources that Azure keeps although they were deleted, and would recover."""
        self._on_event = on_event
        self._planning = action == "preview"
        self._counts_refreshed = action == "refresh"
        self._refreshing: set[str] = set()
        self._failed: dict[str, Entry] = {}
        self._were_there: set[str] = set()

    @property
    def cut_off(self) -> list[Entry]:
        """Resources whose creation failed on the way, so that nobody knows whether they exist."""
        return [entry for urn, entry in self._failed.items() if urn not in self._were_there]

    def __call__(self, event: EngineEvent) -> None:
        """Takes one event."""
        if event.diagnostic_event is not None:
            self._diagnostic(event.diagnostic_event)
        elif event.resource_pre_event is not None:
            self._before(event.resource_pre_event.metadata)
        elif event.res_outputs_event is not None:
            self._after(event.res_outputs_event.metadata)
        elif event.res_op_failed_event is not None:
            self._broken(event.res_op_failed_event.metadata)

    def _before(self, step: StepEventMetadata) -> None:
        operation = step.op.value
        if operation == "refresh":
            self._refreshing.add(step.urn)
            return
        if operation in LOSING and step.old is not None and step.old.protect:
            self.endangered.append(name_of(step.urn))
        if operation in SHOWN and not is_bookkeeping(step.urn):
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
            self.unchanged += not is_bookkeeping(step.urn)
        elif operation in SHOWN and not self._planning and not is_bookkeeping(step.urn):
            self.changes.append(_change(step, operation))
            self._on_event(str(self.changes[-1]))

    def _broken(self, step: StepEventMetadata) -> None:
        if step.op.value in CREATING and step.new is not None:
            state = step.new
            self._failed[step.urn] = {
                "urn": state.urn,
                "custom": state.custom,
                "type": state.type,
                "inputs": dict(state.inputs or {}),
                "parent": state.parent,
                "protect": bool(state.protect),
                "provider": state.provider,
            }

    def _found(self, step: StepEventMetadata, operation: str) -> None:
        if step.old is not None and step.old.id and not step.old.outputs:
            # Its creation had been cut off, and nobody had seen it so far.
            return
        if operation == "delete" or (operation == "refresh" and step.new is None):
            finding = _named(step, "gone", whereabouts(step))
        elif step.detailed_diff or step.diffs:
            finding = _change(step, "changed")
        else:
            self.unchanged += self._counts_refreshed and not is_bookkeeping(step.urn)
            return
        self.found.append(finding)
        self._on_event(str(finding))

    def _diagnostic(self, event: DiagnosticEvent) -> None:
        message = STYLE.sub("", event.message).strip()
        if not message or event.severity == "debug" or NEEDLESS.search(message):
            return
        about = label(event.urn) if event.urn and not is_bookkeeping(event.urn) else ""
        line = f"{about}: {message}" if about else message
        if event.severity == "error":
            self.errors.append(line)
            if event.urn:
                self._judge(event.urn, message)
        elif event.severity == "warning":
            self.warnings.append(line)
            self._on_event(line)
        elif about:
            self._on_event(line)

    def _judge(self, urn: str, message: str) -> None:
        """Tells from an error whether a creation may have happened all the same."""
        if SOFT_DELETED.search(message):
            self.soft_deleted.append(name_of(urn))
            self._were_there.add(urn)
        elif WAS_THERE.search(message):
            self._were_there.add(urn)

    def forget_failures(self) -> None:
        """Begins anew after failures that were dealt with."""
        self.unchanged = 0
        self.errors.clear()
        self.soft_deleted.clear()
        self._failed.clear()
        self._were_there.clear()


def _change(step: StepEventMetadata, operation: str) -> Change:
    if operation == "delete" and kind_of(step.urn) == "folder":
        return _named(step, "forget", f"{whereabouts(step)} is kept")
    return _named(step, operation, differences(step))


def _named(step: StepEventMetadata, operation: str, detail: str) -> Change:
    return Change(name_of(step.urn), kind_of(step.urn), operation, detail, concern_of(step.urn))
