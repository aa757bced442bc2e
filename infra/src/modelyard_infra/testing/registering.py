"""What Pulumi's engine tells a policy pack about a graph that a program registers, without an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource, Value, refs_in
from modelyard_infra.plugin.wire import UNKNOWN
from modelyard_infra.policies.governance import NAMES
from modelyard_infra.policies.registered import OWN_KINDS, PACKAGE, Registered

OUTPUT = "an-output"
STACK = "urn:pulumi:prod::modelyard"


def told(graph: Graph, *, subscription: str, is_preview: bool) -> list[Registered]:
    """Every resource as the engine tells of it.

    Args:
        graph: what a program registers.
        subscription: id of the subscription, for ids that are known.
        is_preview: whether outputs of others are not known yet.
    """
    names = {one.key: _name(one) for one in graph}

    def output(ref: Ref) -> str:
        if is_preview:
            return UNKNOWN
        scope = f"/subscriptions/{subscription}/resourceGroups/group/providers/Some.Thing/things"
        return {"id": f"{scope}/{names[ref.resource]}", "name": names[ref.resource]}.get(ref.output, OUTPUT)

    def plain(value: Value) -> object:
        if isinstance(value, Ref):
            return output(value)
        if isinstance(value, Joined):
            parts = [output(part) if isinstance(part, Ref) else part for part in value.parts]
            return UNKNOWN if UNKNOWN in parts else "".join(parts)
        if isinstance(value, Mapping):
            return {name: plain(part) for name, part in value.items()}
        return [plain(part) for part in value] if isinstance(value, Sequence) and not isinstance(value, str) else value

    return [
        Registered(
            urn_of(one),
            one.kind if one.kind in OWN_KINDS else f"{PACKAGE}{one.kind}",
            {name: plain(value) for name, value in one.properties.items()},
            origins={
                name: tuple(dict.fromkeys(urn_of(graph[ref.resource]) for ref in refs_in(value)))
                for name, value in one.properties.items()
            },
            after=tuple(urn_of(graph[key]) for key in graph.needs(one)),
            protected=one.holds_data,
        )
        for one in graph
    ]


def urn_of(resource: Resource) -> str:
    """A resource's URN in the stack of prod."""
    return f"{STACK}::modelyard:azure:Concern${PACKAGE}{resource.kind}::{resource.key}"


def _name(resource: Resource) -> str:
    """What a resource is called in Azure."""
    path = NAMES.get(resource.kind)
    paths = (
        [path]
        if path
        else [name for name in resource.properties if name.endswith("Name") and name != "resourceGroupName"]
    )
    names = [resource.properties.get(name) for name in paths]
    named = next((name for name in names if isinstance(name, str)), None)
    return named or (OUTPUT if names else resource.key)
