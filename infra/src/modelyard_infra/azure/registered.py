"""Resources that the engine knows, and how a value of the graph reaches their outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pulumi

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource, Value

PACKAGE = "azure-native"
VERSION = "3.29.0"
"""The version of Pulumi's azure-native provider whose words the graph is written in."""
OWN_PACKAGE = "modelyard"

Additions: TypeAlias = Mapping[str, Mapping[str, str]]
"""What is added inside of properties, by their names."""


def token(kind: str) -> str:
    """A kind's type token, with its package: `azure-native:storage:StorageAccount`."""
    return kind if kind.startswith(f"{OWN_PACKAGE}:") else f"{PACKAGE}:{kind}"


def is_azure_native(kind: str) -> bool:
    """Whether Pulumi's azure-native provider serves this kind, rather than our own."""
    return token(kind).startswith(f"{PACKAGE}:")


class Registered:
    """The resources that are registered so far, by key.

    Pulumi delivers an output only where it was asked for at registration, so all references must be known beforehand:
    those in the graph, and `more`.
    """

    def __init__(self, graph: Graph, more: Iterable[Ref]) -> None:
        self._resources: dict[str, AzureResource] = {}
        self._wanted: dict[str, set[str]] = {}
        for ref in (*(ref for resource in graph for ref in resource.references), *more):
            if ref.output != "id":
                self._wanted.setdefault(ref.resource, set()).add(ref.output.split(".")[0])

    def register(self, resource: Resource, options: pulumi.ResourceOptions, more: Additions) -> AzureResource:
        """Registers a resource; all that it needs must be registered already.

        Args:
            resource: the declaration.
            options: Pulumi's.
            more: what is added inside of its properties, by their names.
        """
        wanted = self._wanted.get(resource.key, set())
        inputs: dict[str, Any] = {name: self.value(value) for name, value in resource.properties.items()}
        inputs.update({name: {**inputs.get(name, {}), **parts} for name, parts in more.items()})
        made = AzureResource(resource, inputs, outputs=wanted, options=options)
        self._resources[resource.key] = made
        return made

    def all_of(self, keys: Iterable[str]) -> list[pulumi.Resource]:
        """The resources with these keys."""
        return [self._resources[key] for key in keys]

    def output(self, ref: Ref) -> pulumi.Output[Any]:
        """What a reference stands for."""
        return self._resources[ref.resource].output(ref.output)

    def value(self, value: Value) -> pulumi.Input[Any]:
        """A value of the graph as an input that Pulumi takes. What was secret in an output stays secret."""
        if isinstance(value, Ref):
            return self.output(value)
        if isinstance(value, Joined):
            parts = [self.output(part) if isinstance(part, Ref) else part for part in value.parts]
            return pulumi.Output.concat(*parts)
        if isinstance(value, Mapping):
            return {name: self.value(part) for name, part in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.value(part) for part in value]
        return value


class AzureResource(pulumi.CustomResource):
    """A resource that is registered by its type token.

    The classes of pulumi_azure_native are not used: importing them takes seconds and close to 200 MB, and they add
    nothing to names and values that are checked already.
    """

    def __init__(
        self, resource: Resource, inputs: Mapping[str, Any], *, outputs: Iterable[str], options: pulumi.ResourceOptions
    ) -> None:
        # An input that is None is not sent, but makes Pulumi deliver the output of that name.
        properties = {**dict.fromkeys(outputs), **inputs}
        super().__init__(token(resource.kind), resource.key, properties, options)
        self._key = resource.key

    def output(self, path: str) -> pulumi.Output[Any]:
        """One output.

        Args:
            path: `id`, or a property's name, with dots into it.
        """
        if path == "id":
            return self.id
        name, *deeper = path.split(".")
        found: pulumi.Output[Any] = getattr(self, name)
        return found.apply(lambda value: self._inside(value, deeper, path)) if deeper else found

    def _inside(self, value: object, deeper: Sequence[str], path: str) -> object:
        for name in deeper:
            if not isinstance(value, Mapping) or name not in value:
                raise pulumi.RunError(f"{self._key} has no output {path}: there is no {name} in what Azure answered")
            value = value[name]
        return value
