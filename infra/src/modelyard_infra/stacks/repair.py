"""Brings a stack's state into order before an update, and after one that failed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from modelyard.errors import ModelyardError
from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.program import Blueprint
from modelyard_infra.stacks.recorder import OnEvent
from modelyard_infra.stacks.resource_ids import identifier
from modelyard_infra.stacks.stack_state import (
    Entry,
    StackState,
    pending_creates,
    with_adopted,
    with_protection,
    without_protection,
)


@dataclass(frozen=True, slots=True)
class Repair:
    """Repairs the state of one stack."""

    state: StackState
    blueprint: Blueprint
    on_event: OnEvent

    def before(self, *, acknowledged: Collection[str] = ()) -> bool:
        """Settles what an engine had begun when it was killed, and unprotects what a person has acknowledged.

        Args:
            acknowledged: keys of resources that may be replaced or removed.

        Returns:
            Whether the engine must still clear creations that it had begun.
        """
        found = self.state.read()
        pending = pending_creates(found)
        if pending:
            self.on_event("settling what an engine had begun when it was killed")
        if not isinstance(self.blueprint, AzureBlueprint):
            return bool(pending)
        settled = with_adopted(found, pending, identifier(self.blueprint.subscription_id)) if pending else found
        graph = self.blueprint.graph
        settled = with_protection(settled, {one.key for one in graph if one.holds_data} - set(acknowledged))
        settled = without_protection(settled, acknowledged)
        if settled != found:
            self.state.write(settled)
        return False

    def after(self, cut_off: Collection[Entry], *, held: Collection[str] = ()) -> None:
        """After a failure: remembers the resources of which nobody knows whether they were created, for the next
        update to find, and protects again what an acknowledged replacement did not get to.

        Args:
            cut_off: resources whose creation failed on the way.
            held: keys of what was protected before.
        """
        if not isinstance(self.blueprint, AzureBlueprint):
            return
        try:
            found = self.state.read()
            settled = with_protection(found, held)
            if cut_off:
                settled = with_adopted(settled, cut_off, identifier(self.blueprint.subscription_id))
            if settled != found:
                self.state.write(settled)
        except ModelyardError as error:
            # The failure that led here matters more, and is told next.
            self.on_event(error.message)
