"""The graph of an environment's Azure resources: data, in which every decision is already made.

A resource is written down in the words of Pulumi's azure-native provider, which are Azure's own. Whatever Azure
itself only knows after creation (an id, an address) is a `Ref`. Renderers translate; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of another resource, known only when that exists."""

    resource: str
    """Key of the other resource."""
    output: str = "id"
    """Which output: `id`, or a property's name, with dots into it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A text with outputs of other resources in it."""

    parts: tuple[str | Ref, ...]
    """Pieces, in order."""


Value: TypeAlias = bool | int | float | str | Ref | Joined | Mapping[str, "Value"] | Sequence["Value"] | None
Properties: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that must exist."""

    key: str
    """Unique in the environment; Pulumi's logical name and, with _ for -, Terraform's. Never changes silently."""
    kind: str
    """azure-native's type token without its package: `storage:StorageAccount`."""
    concern: str
    """The component that it belongs to: network, lake, tracking."""
    properties: Properties
    """Inputs in azure-native's names."""
    after: tuple[str, ...] = ()
    """Keys of resources that must exist before, beyond those that the properties refer to."""
    holds_data: bool = False
    """Whether its loss loses data: it is protected, and replaced only when a person acknowledges that."""
    former_keys: tuple[str, ...] = ()
    """Keys that it had in earlier versions, so that a renamed resource is not replaced."""
    replace_on: tuple[str, ...] = ()
    """Properties whose change the service ignores or refuses, so that the resource must be replaced."""

    @property
    def references(self) -> tuple[Ref, ...]:
        """Every output of others that the properties need, in the order in which they stand there."""
        return tuple(refs_in(self.properties))


class UnknownResourceError(LookupError):
    """A key that no resource of the graph has."""


@dataclass(frozen=True)
class Graph:
    """All resources of one environment.

    Raises:
        ValueError: two resources have one key, or a reference leads nowhere or in a circle.
    """

    resources: tuple[Resource, ...]
    """In the order of the concerns; `ordered` gives one in which they can be made."""
    _by_key: dict[str, Resource] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_key = {resource.key: resource for resource in self.resources}
        if len(by_key) != len(self.resources):
            keys = [resource.key for resource in self.resources]
            raise ValueError(f"resource keys are not unique: {sorted({key for key in keys if keys.count(key) > 1})}")
        object.__setattr__(self, "_by_key", by_key)
        for resource in self.resources:
            for key in self.needs(resource):
                if key not in by_key:
                    raise ValueError(f"{resource.key} needs {key}, which does not exist")
        _ = self.ordered

    def __getitem__(self, key: str) -> Resource:
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownResourceError(f"no resource {key}; there are {', '.join(sorted(self._by_key))}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)

    def of_kind(self, *kinds: str) -> tuple[Resource, ...]:
        """The resources of these kinds, in order."""
        return tuple(resource for resource in self.resources if resource.kind in kinds)

    def needs(self, resource: Resource) -> tuple[str, ...]:
        """Keys of what must exist before a resource, each once."""
        return tuple(dict.fromkeys([*(ref.resource for ref in resource.references), *resource.after]))

    def needed_by(self, key: str) -> tuple[Resource, ...]:
        """The resources that directly need this one."""
        return tuple(resource for resource in self.resources if key in self.needs(resource))

    @cached_property
    def ordered(self) -> tuple[Resource, ...]:
        """Every resource after all that it needs; otherwise in the order of the graph."""
        done: dict[str, Resource] = {}
        path: list[str] = []

        def visit(resource: Resource) -> None:
            if resource.key in done:
                return
            if resource.key in path:
                raise ValueError(f"resources need each other in a circle: {' -> '.join([*path, resource.key])}")
            path.append(resource.key)
            for key in self.needs(resource):
                visit(self._by_key[key])
            path.pop()
            done[resource.key] = resource

        for resource in self.resources:
            visit(resource)
        return tuple(done.values())


def refs_in(value: Value) -> Iterator[Ref]:
    """Every reference in a value, however deep."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Joined):
        yield from (part for part in value.parts if isinstance(part, Ref))
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from refs_in(part)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from refs_in(part)
