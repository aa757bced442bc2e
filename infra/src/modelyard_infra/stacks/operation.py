"""Preview, up, refresh and down of an environment's stack, over Pulumi's Automation API.

Each runs the same program as `pulumi up -s ENV` in infra/, on the same state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from modelyard.environment.models import Environment
from modelyard.environment.stack_outputs import STACK_TYPE, read_outputs
from modelyard.environment.workspace import Workspace
from modelyard.errors import NotProvisionedError, ProvisioningFailedError
from modelyard_infra import program
from modelyard_infra.admission import Findings, inspect, refusal_of, refuse_examples
from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.blueprint.azure.released import Releases
from modelyard_infra.costs import Estimate, estimate
from modelyard_infra.engine import locks
from modelyard_infra.engine.homes import StackHome, home_of
from modelyard_infra.engine.inline import InlineProgram
from modelyard_infra.engine.preparing import prepare
from modelyard_infra.engine.remembering import remembered_in
from modelyard_infra.engine.torn import remove_torn
from modelyard_infra.program import Blueprint, Draw, declare
from modelyard_infra.stacks.faults import Surroundings, as_fault
from modelyard_infra.stacks.kind_names import name_of
from modelyard_infra.stacks.recorder import OnEvent, Recorder
from modelyard_infra.stacks.releases.moves import Order, ordered
from modelyard_infra.stacks.releases.permitted import permit, unchanged
from modelyard_infra.stacks.repair import Repair
from modelyard_infra.stacks.results import StackResult
from modelyard_infra.stacks.stack_state import StackState, locks_in, protected_keys
from modelyard_infra.toolchain import PulumiCli, ensure_pulumi

if TYPE_CHECKING:
    from pulumi.automation import Stack

Work = Callable[["Stack", Recorder], object]
Keys = tuple[str, ...]

IGNORE_PROTECTION = {"PULUMI_OPTION_IGNORE_PROTECT": "true"}


def _unheard(line: str) -> None:
    del line


@dataclass(frozen=True)
class Operation:
    """One operation on one environment's stack."""

    workspace: Workspace
    environment: Environment
    on_event: OnEvent = _unheard
    """Takes one line of progress at a time."""
    draw: Draw = field(default=program.draw)
    simulate: bool = False
    """Whether an environment in Azure is only rehearsed."""
    replace: tuple[str, ...] = ()
    """Keys of resources that hold data and may be replaced or removed all the same."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further variables for Pulumi's CLI."""
    order: Order | None = None
    """What is released without a commit, or taken back."""

    def preview(self) -> StackResult:
        """What `up` would do, and why it would refuse. Looks at what is really there, and changes nothing."""
        examples = tuple(self.environment.example_values()) if self._is_real else ()
        return self._planned().judged(self._findings, estimate=self._estimate(), examples=examples)

    def _planned(self) -> StackResult:
        if self._findings.stop:
            return self._result("preview", Recorder(self.on_event, action="preview"), 0.0)
        # What is protected is shown like everything else, and told apart afterwards: people see the whole plan.
        return self._run("preview", self._once(lambda stack, heard: stack.preview(on_event=heard), IGNORE_PROTECTION))

    def up(self) -> StackResult:
        """Makes everything exist and run as the environment says. The second time it changes nothing.

        Raises:
            ProvisioningFailedError: Azure, a policy or this machine refuses, or data would be lost.
        """
        if self._is_real:
            refuse_examples(self.environment)
        refusal = refusal_of(self._findings, self.environment.name)
        if refusal is not None:
            raise refusal
        program.prepare_files(self.environment, self.workspace)
        return self._run("up", self._bring_up)

    def refresh(self) -> StackResult:
        """Finds out what was changed behind the stack's back, and writes that into the state. Repairs nothing.

        Raises:
            NotProvisionedError: there is no stack.
        """
        self._require_stack()
        return self._run("refresh", self._once(lambda stack, heard: stack.refresh(on_event=heard, show_secrets=False)))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs.

        Raises:
            NotProvisionedError: there is no stack, or it has no outputs.
        """
        return read_outputs(self.workspace, self.environment.name, simulated=self.simulate)

    def down(self, *, with_data: bool = False) -> StackResult:
        """Destroys the stack.

        On this machine no process of it is left, also when the engine fails half-way, and data is kept. In Azure data
        cannot be kept without its account: without `with_data`, nothing is destroyed while there is some.

        Args:
            with_data: removes the data too.

        Raises:
            ProvisioningFailedError: there is data that was not to be removed.
        """
        if isinstance(self.blueprint, AzureBlueprint):
            return self._down_in_azure(with_data=with_data)
        from modelyard_infra.stacks.local_down import down_locally

        return down_locally(self.blueprint.home, self._destroyed, with_data=with_data, on_event=self.on_event)

    @cached_property
    def blueprint(self) -> Blueprint:
        """What the environment consists of."""
        releases, _ = self._released
        more = {"releases": releases} if releases else {}
        return self.draw(self.environment, self.workspace, **more)

    @cached_property
    def home(self) -> StackHome:
        """Where the stack lives."""
        return home_of(self.workspace, self.environment, simulate=self.simulate)

    @cached_property
    def _remembered(self) -> Releases:
        """What was released before, as the stack remembers it."""
        return remembered_in(self._state.read()) if self.environment.kind == "azure" else {}

    @cached_property
    def _released(self) -> tuple[Releases, tuple[str, ...]]:
        """What is released afterwards, and what to tell about it."""
        if self.order is None:
            return self._remembered, ()
        permit(self.environment, self.order)
        return ordered(self._remembered, self.order)

    @cached_property
    def _cli(self) -> PulumiCli:
        return ensure_pulumi(self.workspace, say=self.on_event)

    @cached_property
    def _state(self) -> StackState:
        return StackState(self.home, self.environment.name, self._cli.path)

    @property
    def _is_real(self) -> bool:
        return self.environment.kind == "azure" and not self.simulate

    @cached_property
    def _findings(self) -> Findings:
        """What is wrong before the engine is asked."""
        return inspect(self.blueprint, self.environment) if isinstance(self.blueprint, AzureBlueprint) else Findings()

    def _shown_releases(self) -> dict[str, Any]:
        if not isinstance(self.blueprint, AzureBlueprint):
            return {}
        return {name: one.to_json() for name, one in self.blueprint.releases.items()}

    def _estimate(self) -> Estimate | None:
        settings = self.environment.azure
        if settings is None or not isinstance(self.blueprint, AzureBlueprint):
            return None
        return estimate(self.blueprint, node_size=settings.databricks.node_size)

    def _bring_up(self, heard: Recorder) -> None:
        from pulumi.automation.errors import CommandError

        lifted = self._lift_locks(heard) if self.replace else []
        try:
            if lifted:
                # Deletions come last, after everything was made: the lock must wait for them.
                self._with_engine(lambda stack, said: _up(stack, said, exclude=lifted), heard)
            self._with_engine(_up, heard)
        except CommandError:
            gone = tuple(dict.fromkeys(heard.soft_deleted))
            if not gone:
                raise
            self._recover(gone, heard)

    def _recover(self, gone: Keys, heard: Recorder) -> None:
        """Brings back what Azure keeps under its name for some days after it was deleted: key vaults.

        It comes back with the settings that it had, so it is given the right ones afterwards.
        """
        self.on_event(f"Azure still keeps what was deleted: recovering {', '.join(gone)}")
        self._repair.after(heard.cut_off)
        heard.forget_failures()
        self._with_engine(_up, heard, recovered=gone)
        self._with_engine(_up, heard)

    def _lift_locks(self, heard: Recorder) -> list[str]:
        """Takes away what keeps Azure from deleting anything. Returns patterns of the URNs that must be put back."""
        urns = locks_in(self._state.read())
        if urns:
            self.on_event("taking the lock away for the time of the update")
            self._with_engine(lambda stack, _: stack.destroy(target=urns, show_secrets=False), heard)
        # Patterns, since the engine takes no exact name of what is not there any more.
        return [f"**::{name_of(urn)}" for urn in urns]

    def _require_stack(self) -> None:
        if not self._has_stack(self._state.read()):
            name = self.environment.name
            raise NotProvisionedError(
                f"environment {name} is not provisioned: there is no stack of it", hint=self._command("up")
            )

    @staticmethod
    def _has_stack(deployment: Mapping[str, Any]) -> bool:
        return bool(deployment.get("resources") or deployment.get("pending_operations"))

    def _command(self, verb: str) -> str:
        return f"modelyard infra {verb} {self.environment.name}{' --simulate' if self.simulate else ''}"

    def _down_in_azure(self, *, with_data: bool) -> StackResult:
        held = protected_keys(self._state.read())
        if held and not with_data:
            raise ProvisioningFailedError(
                f"environment {self.environment.name} holds data, and nothing was destroyed: {', '.join(held)}",
                hint=f"destroy it with all data: {self._command('down')} --with-data",
            )
        return self._destroyed()

    def _destroyed(self) -> StackResult:
        if not self._has_stack(self._state.read()):
            return StackResult(self.environment.name, "down", simulated=self.simulate)
        destroy = self._once(lambda stack, heard: stack.destroy(on_event=heard, show_secrets=False), IGNORE_PROTECTION)
        return self._run("down", destroy)

    def _run(self, action: str, work: Callable[[Recorder], None]) -> StackResult:
        """Repairs what a killed engine left, does the work, and tells what happened."""
        from pulumi.automation.errors import CommandError

        begun = time.monotonic()
        recorder = Recorder(self.on_event, action=action)
        held: list[str] = []
        try:
            held = self._prepare(recorder, repairs=action != "preview")
            work(recorder)
        except CommandError as error:
            if action == "up":
                self._repair.after(recorder.cut_off, held=held)
            raise as_fault(error, recorder.errors, self._surroundings(action)) from None
        return self._result(action, recorder, time.monotonic() - begun)

    def _prepare(self, heard: Recorder, *, repairs: bool) -> list[str]:
        """Makes the state ready. Returns the keys of what it protects."""
        prepare(self.home, self._cli)
        if locks.release_stale(self.home, self.environment.name):
            self.on_event("released the lock of an engine that was killed")
        if remove_torn(self.home, self.environment.name):
            self.on_event("removed what an engine had half written when it was killed")
        held = protected_keys(self._state.read())
        if repairs and self._repair.before(acknowledged=self.replace):
            # Creating anew finds and takes over what a killed engine left on this machine.
            self._with_engine(lambda stack, _: stack.refresh(clear_pending_creates=True, show_secrets=False), heard)
        return held

    def _once(self, work: Work, options: Mapping[str, str] | None = None) -> Callable[[Recorder], None]:
        """Work that takes the engine once."""
        return lambda heard: self._with_engine(work, heard, options=options or {})

    def _with_engine(
        self, work: Work, heard: Recorder, *, options: Mapping[str, str] | None = None, recovered: Keys = ()
    ) -> None:
        from modelyard_infra.engine.opening import open_stack

        more = {**(options or {}), **self.options}
        with InlineProgram(lambda: self._declare(recovered)) as inline:
            work(open_stack(self.home, self.environment.name, cli=self._cli, program=inline, options=more), heard)

    def _declare(self, recovered: Keys) -> None:
        """Runs inside Pulumi's engine, which has locked the stack by now."""
        if isinstance(self.blueprint, AzureBlueprint):
            unchanged(remembered_in(self._state.read()), self._remembered, self.blueprint.releases)
        declare(self.blueprint, acknowledged=self.replace, recovered=recovered)

    @property
    def _repair(self) -> Repair:
        return Repair(self._state, self.blueprint, self.on_event)

    def _surroundings(self, action: str) -> Surroundings:
        return Surroundings(self.environment.name, action, home=self.home, acknowledged=self.replace)

    def _result(self, action: str, recorder: Recorder, seconds: float) -> StackResult:
        deployment = self._state.read()
        return StackResult(
            environment=self.environment.name,
            action=action,
            changes=tuple(recorder.found if action == "refresh" else recorder.changes),
            found=tuple(recorder.found),
            unchanged=recorder.unchanged,
            outputs={} if action == "down" else _outputs(deployment),
            warnings=tuple(dict.fromkeys(recorder.warnings)),
            seconds=seconds,
            simulated=self.simulate,
            releases={} if action == "down" else self._shown_releases(),
            notes=self._released[1],
            refused=tuple(key for key in dict.fromkeys(recorder.endangered) if key not in self.replace),
        )


def _up(stack: Stack, heard: Recorder, *, exclude: list[str] | None = None) -> None:
    stack.up(on_event=heard, show_secrets=False, exclude=exclude)


def _outputs(deployment: Mapping[str, Any]) -> dict[str, Any]:
    for resource in deployment.get("resources") or []:
        if resource.get("type") == STACK_TYPE:
            return dict(resource.get("outputs") or {})
    return {}
