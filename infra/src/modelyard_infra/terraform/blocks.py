"""What a rendering is made of: one block per Terraform resource, as data, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from modelyard_infra.blueprint.graph import Joined, Ref

Json: TypeAlias = Any
"""Anything that JSON can say."""
Argument: TypeAlias = (
    "bool | int | float | str | Ref | Joined | Mapping[str, Argument | None] | Sequence[Argument | None]"
)
"""A value in a block. References still point at keys of the blueprint; None is Terraform's null."""
Arguments: TypeAlias = "Mapping[str, Argument | None]"


@dataclass(frozen=True, slots=True)
class Block:
    """One Terraform resource."""

    type: str
    """Terraform's name of the kind: azurerm_subnet."""
    name: str
    """Its name in the configuration: the resource's key with _ for -."""
    arguments: Arguments
    """What is written in it."""
    key: str
    """The blueprint's resource that it says."""
    depends_on: tuple[str, ...] = field(default=())
    """Addresses of what must exist before, beyond what the arguments refer to."""
    prevent_destroy: bool = False
    """Whether Terraform refuses to destroy it, because its loss loses data."""

    @property
    def address(self) -> str:
        """How other blocks refer to it."""
        return f"{self.type}.{self.name}"


def terraform_name(key: str) -> str:
    """A key of the blueprint as a name in Terraform."""
    return key.replace("-", "_")
