"""ARM's expressions: how a template speaks of a resource that it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from modelyard_infra.blueprint.graph import Joined, Ref, Resource
from modelyard_infra.catalogue import UNKNOWN, AzureType, load_catalogue

GROUP = "resources:ResourceGroup"


@dataclass(frozen=True)
class Declared:
    """The resources of a template by key, and the parameters that it turns out to need."""

    resources: Mapping[str, Resource]
    parameters: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Values that ARM cannot know when it reads the template."""

    def expression(self, value: object, *, where: str) -> str:
        """A text as an expression without brackets: a literal, a reference, or a parameter of the template.

        Args:
            value: a text, a reference, or pieces of both.
            where: the resource and the property that it stands in, which names the parameter.
        """
        if isinstance(value, Joined):
            return f"concat({', '.join(self.expression(part, where=where) for part in value.parts)})"
        if isinstance(value, Ref):
            return self._reference(value, where)
        return self._parameter(where) if value == UNKNOWN else literal(str(value))

    def name(self, resource: Resource, parameter: str) -> str:
        """A part of a resource's address as an expression. ARM must know it when it reads the template."""
        value, where = resource.properties.get(parameter), f"{resource.key}-{parameter}"
        if isinstance(value, Ref) and value.output == "name" and value.resource in self.resources:
            other = self.resources[value.resource]
            return self.name(other, load_catalogue()[other.kind].name_property)
        if isinstance(value, str) and value != UNKNOWN:
            return literal(value)
        return self._parameter(where)

    def id(self, resource: Resource) -> str:
        """A resource's id as an expression."""
        if resource.kind == GROUP:
            return "resourceGroup().id"
        names = ", ".join(self.names(resource))
        over_what = self.scope(resource)
        if over_what is not None:
            over = self.expression(over_what, where=f"{resource.key}-scope")
            return f"extensionResourceId({over}, {literal(type_of(resource))}, {names})"
        return f"resourceId({literal(type_of(resource))}, {names})"

    def scope(self, resource: Resource) -> object | None:
        """What a resource lies over, in the blueprint's words; nothing if that is the resource group."""
        first = load_catalogue()[resource.kind].path_parameters[0]
        if first == "subscriptionId":
            return None
        over = resource.properties[first]
        other = self.resources.get(over.resource) if isinstance(over, Ref) else None
        return None if other and other.kind == GROUP else over

    def names(self, resource: Resource) -> list[str]:
        """The names in a resource's address, each an expression, from the outermost to its own."""
        parts = segments(load_catalogue()[resource.kind])[2::2]
        return [self.name(resource, part[1:-1]) if part.startswith("{") else literal(part) for part in parts]

    def _reference(self, reference: Ref, where: str) -> str:
        resource = self.resources.get(reference.resource)
        if resource is None or not load_catalogue()[resource.kind].arm:
            return self._parameter(where)
        azure_type = load_catalogue()[resource.kind]
        if reference.output == "id":
            return self.id(resource)
        if reference.output in ("name", azure_type.name_property):
            return self.name(resource, azure_type.name_property)
        whole = f"reference({self.id(resource)}, '{azure_type.api_version}', 'full')"
        return f"{whole}.{_arm_path(azure_type, reference.output)}"

    def _parameter(self, where: str) -> str:
        self.parameters[where] = {"type": "string"}
        return f"parameters({literal(where)})"


def _arm_path(azure_type: AzureType, output: str) -> str:
    first = output.split(".", maxsplit=1)[0]
    return output if first in {*azure_type.top_level, "name", "type", "identity"} else f"properties.{output}"


def segments(azure_type: AzureType) -> Sequence[str]:
    """The id template after the last provider: namespace, type, name, type, name, …"""
    if "/providers/" not in azure_type.id_template:
        return ["Microsoft.Resources", "resourceGroups", "{resourceGroupName}"]
    return azure_type.id_template.rsplit("/providers/", 1)[1].split("/")


def type_of(resource: Resource) -> str:
    """A resource's type as ARM writes it; a record set's ends with the type of its records."""
    namespace, *parts = segments(load_catalogue()[resource.kind])
    types = [str(resource.properties.get(part[1:-1])) if part.startswith("{") else part for part in parts[0::2]]
    return "/".join([namespace, *types])


def literal(text: str) -> str:
    """A text inside of an expression."""
    return "'" + text.replace("'", "''") + "'"


def written(text: str) -> str:
    """A text as a value of the template: one that begins with a bracket is no expression."""
    return f"[{text}" if text.startswith("[") else text


def joined(expressions: Sequence[str]) -> str:
    """Names with slashes between them, as a value of the template."""
    if all(part.startswith("'") for part in expressions):
        return written("/".join(part[1:-1].replace("''", "'") for part in expressions))
    return f"[join(createArray({', '.join(expressions)}), '/')]" if len(expressions) > 1 else f"[{expressions[0]}]"
