"""What all concerns have in common: a component that takes its resources from the graph, one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pulumi

from modelyard_infra.azure.registered import VERSION, Additions, Registered, is_azure_native
from modelyard_infra.blueprint.graph import Graph, Ref, Resource, Value
from modelyard_infra.catalogue import Shape, load_catalogue

RESOURCES_OUTPUT = "resources"
RECOVERING: Mapping[str, Additions] = {"keyvault:Vault": {"properties": {"createMode": "recover"}}}
"""What is added to the properties of a kind to bring back a deleted resource."""


@dataclass(frozen=True, slots=True)
class ConcernArgs:
    """What a concern is made from."""

    graph: Graph
    """All resources of the environment."""
    registered: Registered
    """Those that the engine knows already: how one concern reaches into another."""
    provider: pulumi.ProviderResource
    """azure-native, bound to the environment's subscription."""
    acknowledged: Collection[str] = ()
    """Keys of resources whose replacement or removal a person has acknowledged."""
    recovered: Collection[str] = ()
    """Keys of resources that Azure keeps after their deletion, and is to bring back."""
    before: Mapping[str, pulumi.Resource] = field(default_factory=dict)
    """By key: what is not in the graph and must exist before."""


class Concern(pulumi.ComponentResource):
    """One concern of an environment: the parent of its resources in the stack."""

    gives: ClassVar[dict[str, Ref]] = {}
    """Outputs of the component, each an output of one of its resources. What is not drawn is left out."""

    def __init__(self, name: str, args: ConcernArgs) -> None:
        super().__init__(
            f"modelyard:azure:{type(self).__name__}", name, {}, pulumi.ResourceOptions(providers=[args.provider])
        )
        self._args = args
        self.count = 0
        """Resources that it has so far."""

    def add(self, resource: Resource) -> None:
        """Registers one resource of this concern; all that it needs must be registered already."""
        more = RECOVERING.get(resource.kind, {}) if resource.key in self._args.recovered else {}
        self._args.registered.register(resource, self._options(resource), more)
        self.count += 1

    def finish(self) -> None:
        """Hands out the outputs, once every resource is registered."""
        found: dict[str, Any] = {RESOURCES_OUTPUT: self.count}
        for name, ref in self.gives.items():
            if ref.resource in self._args.graph:
                found[name] = self._args.registered.output(ref)
                setattr(self, name, found[name])
        self.register_outputs(found)

    def _before(self, resource: Resource) -> list[pulumi.Resource]:
        found = self._args.before.get(resource.key)
        return [] if found is None else [found]

    def _options(self, resource: Resource) -> pulumi.ResourceOptions:
        args = self._args
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[*args.registered.all_of(resource.after), *self._before(resource)],
            aliases=[pulumi.Alias(name=former) for former in resource.former_keys],
            protect=resource.holds_data and resource.key not in args.acknowledged,
            replace_on_changes=[*resource.replace_on, *_only_replaced(resource)],
            # The names are ours, and the new resource has the old one's: the old must go before the new comes.
            delete_before_replace=True,
            version=VERSION if is_azure_native(resource.kind) else None,
        )


def _only_replaced(resource: Resource) -> list[str]:
    """Properties that the service never changes. The provider would try all the same, and Azure would refuse.

    Only those that are said and shown again: Pulumi would also replace for one that Azure has set by itself, and for
    one that Azure took and does not tell.
    """
    azure_type = load_catalogue()[resource.kind]
    paths = sorted(azure_type.replaces - azure_type.engine_replaces)
    return [
        path.replace("[]", "[*]") for path in paths if _is_shown(resource.properties, azure_type.shape, path.split("."))
    ]


def _is_shown(properties: Mapping[str, Value], level: Mapping[str, Shape], path: Sequence[str]) -> bool:
    name, is_list, _ = path[0].partition("[]")
    shape = level.get(name)
    if shape is None or shape.write_only or name not in properties:
        return False
    found, deeper = properties[name], path[1:]
    if not deeper:
        return True
    elements = found if is_list and isinstance(found, Sequence) else (found,)
    below = shape.items if is_list and shape.items is not None else shape
    return any(_is_shown(one, below.properties, deeper) for one in elements if isinstance(one, Mapping))
