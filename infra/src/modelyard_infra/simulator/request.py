"""A request to make or change a resource, as Azure's rules look at it."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelyard_infra.catalogue import AzureType
from modelyard_infra.plugin.wire import Properties
from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.paths import Json
from modelyard_infra.simulator.store import Stored, Tables

NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Request:
    """One PUT."""

    type: AzureType
    id: str
    properties: Properties
    """Inputs in azure-native's names, path parameters among them."""
    tables: Tables
    existing: Stored | None
    """What has this id now."""
    body: Properties = field(default_factory=dict)
    """What Azure would answer; filled in when the request is accepted."""
    incarnation: int = 0
    tenant: str = NOBODY

    @property
    def kind(self) -> str:
        """The catalogue's kind."""
        return self.type.kind

    @property
    def name(self) -> str:
        """The resource's name."""
        return arm_id.name_of(self.id)

    @property
    def location(self) -> str:
        """The region, as Azure writes it; that of the resource group for what has none."""
        own = self.properties.get("location")
        if isinstance(own, str):
            return str(normal_location(own))
        group = self.tables.get(arm_id.group_id(self.id))
        return str(group.body.get("location", "")) if group else ""

    @property
    def parent(self) -> Stored | None:
        """The nearest thing that it lies in and that is a resource of its own."""
        found = (self.tables.get(identity) for identity in arm_id.ancestors(self.id))
        return next((stored for stored in found if stored is not None), None)

    def siblings(self) -> list[Stored]:
        """Other resources of its kind in the same parent, or on the same scope."""
        home = arm_id.key(next(arm_id.ancestors(self.id), ""))
        return [
            other
            for other in self.tables.of_kind(self.kind)
            if other.key != arm_id.key(self.id) and arm_id.key(next(arm_id.ancestors(other.id), "")) == home
        ]


def normal_location(location: Json) -> Json:
    """`West Europe` and `westeurope` are one place."""
    return location.replace(" ", "").lower() if isinstance(location, str) else location
