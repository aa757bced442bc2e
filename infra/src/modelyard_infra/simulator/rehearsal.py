"""A simulated Azure in the hands of somebody who rehearses: looks, changes behind the stack's back, causes trouble."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Self

from modelyard_infra.simulator import arm_id, faults
from modelyard_infra.simulator.faults import Fault
from modelyard_infra.simulator.paths import Json, put_at
from modelyard_infra.simulator.plane import ControlPlane
from modelyard_infra.simulator.store import Entry, SoftDeleted, Store, Stored, Tables

FILE_VARIABLE = "MODELYARD_SIMULATED_AZURE"
"""The environment variable that names the file of the simulated Azure."""


class UnknownResourceError(LookupError):
    """No resource, or more than one, fits what was asked for."""


class SimulatedAzure:
    """One file. May be used while engines use it."""

    def __init__(self, file: Path) -> None:
        self.store = Store(file)
        self.plane = ControlPlane(self.store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.store.close()

    def resources(self, subscription: str = "") -> list[Stored]:
        """Everything that exists, in the order of creation.

        Args:
            subscription: only what lies in this one.
        """
        with self.store.transaction() as tables:
            found = tables.all()
        wanted = subscription.lower()
        return [one for one in found if not wanted or arm_id.subscription_of(one.id).lower() == wanted]

    def deleted(self) -> list[SoftDeleted]:
        """What was deleted and can still be recovered."""
        with self.store.transaction() as tables:
            return tables.all_soft_deleted()

    def history(self) -> list[Entry]:
        """Every creation, change and deletion that Azure was asked for, each try of it."""
        with self.store.transaction() as tables:
            return tables.journal()

    def find(self, text: str) -> Stored:
        """The resource with this id, or the only one whose name or kind this is.

        Raises:
            UnknownResourceError: there is none, or more than one.
        """
        with self.store.transaction() as tables:
            return _found(tables, text)

    def change(self, text: str, path: str, value: Json) -> Stored:
        """Changes a property as somebody in the portal would; None takes it away. No rule is applied.

        Args:
            text: the resource, as for `find`.
            path: where, with dots.
            value: what stands there afterwards.
        """
        with self.store.transaction() as tables:
            stored = _found(tables, text)
            body = copy.deepcopy(stored.body)
            put_at(body, path, value)
            tables.change(stored, body)
            return tables.get(stored.id) or stored

    def delete(self, text: str) -> None:
        """Deletes a resource as somebody in the portal would.

        Raises:
            AzureError: it is locked or in use.
        """
        stored = self.find(text)
        self.plane.delete(stored.kind, stored.id)

    def fail(self, fault: Fault) -> None:
        """Lets something go wrong."""
        with self.store.transaction() as tables:
            faults.add(tables, fault)

    def faults(self) -> list[Fault]:
        """What may still go wrong."""
        with self.store.transaction() as tables:
            return faults.pending(tables)

    def heal(self) -> None:
        """Takes all faults away."""
        with self.store.transaction() as tables:
            faults.clear(tables)

    def set(self, name: str, value: str) -> None:
        """Changes a setting: `pace`, `principals`, `quota:KIND`."""
        with self.store.transaction() as tables:
            tables.set(name, value)


def _found(tables: Tables, text: str) -> Stored:
    stored = tables.get(text) if text.startswith("/") else None
    if stored is not None:
        return stored
    wanted = text.lower()
    matching = [one for one in tables.all() if wanted in (one.name.lower(), one.kind.lower())]
    if len(matching) != 1:
        which = ", ".join(one.id for one in matching) or "none"
        raise UnknownResourceError(f"{len(matching)} resources are called {text}: {which}")
    return matching[0]
