"""References and texts as Terraform writes them."""

from __future__ import annotations

from collections.abc import Mapping

from modelyard_infra.blueprint.graph import Graph, Joined, Ref
from modelyard_infra.terraform.blocks import Json, terraform_name
from modelyard_infra.terraform.reading import UntranslatableError
from modelyard_infra.terraform.translating import surrounding, terraform_type
from modelyard_infra.terraform.words import FOLDS, WORDS

EVERYWHERE = {"id": "id", "name": "name", "location": "location"}
"""Outputs that every resource has."""


def expressed(value: Json, graph: Graph) -> Json:
    """A value with every reference as an expression, and every text so that Terraform takes it as it is."""
    if isinstance(value, Ref):
        return f"${{{_attribute(value, graph)}}}{_rest(value, graph)}"
    if isinstance(value, Joined):
        return "".join(expressed(part, graph) for part in value.parts)
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, Mapping):
        return {name: expressed(part, graph) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [expressed(part, graph) for part in value]
    return value


def _attribute(ref: Ref, graph: Graph) -> str:
    resource = graph[ref.resource]
    if resource.kind in FOLDS:
        if ref.output != "id":
            raise UntranslatableError(f"{ref.resource} is said inside another resource and has no {ref.output}")
        return _attribute(Ref(surrounding(resource)), graph)
    outputs = {**EVERYWHERE, **(WORDS[resource.kind].outputs if resource.kind in WORDS else {})}
    if ref.output not in outputs:
        raise UntranslatableError(f"no word for {ref.output} of {ref.resource}; there are {', '.join(outputs)}")
    attribute, kind = outputs[ref.output], terraform_type(resource.kind)
    if attribute.startswith("azurerm_"):
        kind, _, attribute = attribute.partition(".")
    return f"{kind}.{terraform_name(resource.key)}.{attribute}"


def _rest(ref: Ref, graph: Graph) -> str:
    """What follows the id of the resource around, for a folded one."""
    resource = graph[ref.resource]
    if resource.kind not in FOLDS:
        return ""
    return FOLDS[resource.kind].id.format(**resource.properties)
