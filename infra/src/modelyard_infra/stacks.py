"""Preview, up, refresh and down of an environment's stack, over Pulumi's Automation API.

Each runs the same program as `pulumi up -s ENV` in infra/, on the same state.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from modelyard.environment.models import Environment
from modelyard.environment.stack_outputs import read_checkpoint, read_outputs
from modelyard.environment.workspace import Workspace
from modelyard.errors import ModelyardError, NotProvisionedError
from modelyard_infra import engine, locks
from modelyard_infra.blueprint.draw import draw_local
from modelyard_infra.faults import as_fault
from modelyard_infra.inline import InlineProgram
from modelyard_infra.program import Draw, declare
from modelyard_infra.recorder import OnEvent, Recorder
from modelyard_infra.results import Change, StackResult
from modelyard_infra.toolchain import ensure_pulumi

if TYPE_CHECKING:
    from pulumi.automation import Stack


def _unheard(line: str) -> None:
    del line


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on one environment's stack."""

    workspace: Workspace
    environment: Environment
    on_event: OnEvent = _unheard
    """Takes one line of progress at a time."""
    draw: Draw = field(default=draw_local)

    def preview(self) -> StackResult:
        """What `up` would do. Looks at what is really there, and changes nothing."""
        return self._run("preview", lambda stack, on_event: stack.preview(on_event=on_event))

    def up(self) -> StackResult:
        """Makes everything exist and run as the environment says. The second time it changes nothing."""
        return self._run("up", lambda stack, on_event: stack.up(on_event=on_event, show_secrets=False))

    def refresh(self) -> StackResult:
        """Finds out what was changed behind the stack's back, and writes that into the state. Repairs nothing.

        Raises:
            NotProvisionedError: there is no stack.
        """
        self._require_stack()
        return self._run("refresh", lambda stack, on_event: stack.refresh(on_event=on_event, show_secrets=False))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs.

        Raises:
            NotProvisionedError: there is no stack, or it has no outputs.
        """
        return read_outputs(self.workspace, self.environment.name)

    def down(self, *, with_data: bool = False) -> StackResult:
        """Destroys the stack. No process of it is left, also when the engine fails half-way.

        Args:
            with_data: removes the lake, the registry, bundles and logs too.
        """
        from modelyard_infra.local.supervisor import stop

        begun = time.monotonic()
        home = self.draw(self.environment, self.workspace).home
        try:
            result = self._destroyed() if self._has_stack else _nothing(self.environment.name)
        finally:
            stop(home)
        changes = result.changes
        if with_data and home.exists():
            shutil.rmtree(home)
            removed = Change("data", "folder", "delete", str(home))
            changes = (*(one for one in changes if one.operation != "forget"), removed)
            self.on_event(str(removed))
        return replace(result, changes=changes, outputs={}, seconds=time.monotonic() - begun)

    @property
    def _has_stack(self) -> bool:
        checkpoint = read_checkpoint(self.workspace, self.environment.name) or {}
        return bool(checkpoint.get("resources") or checkpoint.get("pending_operations"))

    def _require_stack(self) -> None:
        if not self._has_stack:
            name = self.environment.name
            raise NotProvisionedError(
                f"environment {name} is not provisioned: there is no stack of it", hint=f"modelyard infra up {name}"
            )

    def _destroyed(self) -> StackResult:
        return self._run("down", lambda stack, on_event: stack.destroy(on_event=on_event, show_secrets=False))

    def _run(self, action: str, work: Callable[[Stack, Recorder], object]) -> StackResult:
        """Opens the stack, repairs what a killed engine left, does the work, and tells what happened."""
        from pulumi.automation.errors import CommandError

        begun = time.monotonic()
        name = self.environment.name
        blueprint = self.draw(self.environment, self.workspace)
        recorder = Recorder(self.on_event, action=action)
        try:
            with InlineProgram(lambda: declare(blueprint)) as program:
                stack = self._open(program)
                if action != "preview":
                    self._recover(stack)
                work(stack, recorder)
        except CommandError as error:
            raise as_fault(error, recorder.errors, environment=name, action=action) from None
        return StackResult(
            environment=name,
            action=action,
            changes=tuple(recorder.found if action == "refresh" else recorder.changes),
            found=tuple(recorder.found),
            unchanged=recorder.unchanged,
            outputs=self._outputs_if_any(),
            warnings=tuple(dict.fromkeys(recorder.warnings)),
            seconds=time.monotonic() - begun,
        )

    def _open(self, program: Callable[[], None]) -> Stack:
        from modelyard_infra.opening import open_stack

        workspace, name = self.workspace, self.environment.name
        cli = ensure_pulumi(workspace, say=self.on_event)
        engine.prepare(workspace, cli)
        if locks.release_stale(workspace, name):
            self.on_event("released the lock of an engine that was killed")
        return open_stack(workspace, name, cli=cli, program=program)

    def _recover(self, stack: Stack) -> None:
        """Forgets creations that an engine was killed in: creating anew finds and takes over what they left."""
        if locks.has_pending_creates(self.workspace, self.environment.name):
            self.on_event("clearing what an engine had begun when it was killed")
            stack.refresh(clear_pending_creates=True, show_secrets=False)

    def _outputs_if_any(self) -> dict[str, Any]:
        try:
            return self.outputs()
        except ModelyardError:
            return {}


def _nothing(environment: str) -> StackResult:
    return StackResult(environment, "down", (), (), 0, {}, (), 0.0)
