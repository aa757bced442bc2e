"""What rules look at: the graph, and the settings of the environment that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from modelyard.environment.azure_settings import Azure
from modelyard.environment.models import PRODUCTION, Environment
from modelyard_infra.blueprint.graph import Graph, Resource, Value
from modelyard_infra.policies.values import targets


@dataclass(frozen=True)
class Facts:
    """One graph, and the environment that it is to become."""

    graph: Graph
    environment: Environment
    azure: Azure = field(init=False, repr=False, compare=False)
    """The environment's settings in Azure."""

    def __post_init__(self) -> None:
        if self.environment.azure is None:
            raise ValueError(f"environment {self.environment.name} is not in Azure: no rule is about it")
        object.__setattr__(self, "azure", self.environment.azure)

    @cached_property
    def by_kind(self) -> dict[str, tuple[Resource, ...]]:
        """Resources of each kind."""
        found: dict[str, list[Resource]] = {}
        for resource in self.graph:
            found.setdefault(resource.kind, []).append(resource)
        return {kind: tuple(resources) for kind, resources in found.items()}

    def of(self, *kinds: str) -> Iterator[Resource]:
        """Resources of these kinds."""
        for kind in kinds:
            yield from self.by_kind.get(kind, ())

    def pointed_at(self, value: Value, *kinds: str) -> tuple[Resource, ...]:
        """The resources of these kinds that a value refers to."""
        resources = (self.graph[key] for key in sorted(targets(value)) if key in self.graph)
        return tuple(resource for resource in resources if resource.kind in kinds)

    @property
    def is_production(self) -> bool:
        """Whether this is prod."""
        return self.environment.name == PRODUCTION

    @property
    def has_endpoints(self) -> bool:
        """Whether services get addresses in the environment's own network."""
        return self.azure.network.private_endpoints

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be reached from the internet."""
        return not self.azure.network.public_access
