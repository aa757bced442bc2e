"""Turns what a Pulumi program registers back into a graph, so that the same rules judge it.

A program registers values. Which resource a value came from is said by the engine for each top-level property, so
that an id, or a value that is not known in a preview, becomes a reference again. Where one property takes values of
several resources and none of them is known yet, the reference is to all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource, Value
from modelyard_infra.policies.governance import NAMES
from modelyard_infra.policies.values import UNKNOWN

PACKAGE = "azure-native:"
OWN_KINDS = frozenset({"modelyard:azure:LakeFolder"})
"""Resources of our own provider. Other tokens of that package are components, which are no resources in Azure."""
VERSION_IN_TOKEN = re.compile(r"/v\d+\w*(?=:)")

UNKNOWN_MARKS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What the engine sends for a value that is not known yet, one mark for each type (pulumi/pulumi,
sdk/go/common/resource/plugin/rpc.go)."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key of a map that is no map but a secret or a file (pulumi/pulumi, sdk/go/common/resource/sig)."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A resource as the engine tells of it."""

    urn: str
    token: str
    """Type: `azure-native:storage:StorageAccount`."""
    properties: Mapping[str, object]
    """Inputs. What is not known yet is one of UNKNOWN_MARKS."""
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By property: URNs of the resources whose outputs it takes."""
    after: tuple[str, ...] = ()
    """URNs of what must exist before."""
    protected: bool = False

    @property
    def kind(self) -> str:
        """The kind in the graph's words; empty for what is no Azure resource: stack, component, provider."""
        if self.token in OWN_KINDS:
            return self.token
        is_azure = self.token.startswith(PACKAGE)
        return VERSION_IN_TOKEN.sub("", self.token.removeprefix(PACKAGE)) if is_azure else ""

    @property
    def name(self) -> str:
        """Pulumi's logical name."""
        return self.urn.rpartition("::")[2]


def single_graph(registered: Registered) -> Graph:
    """The graph of one resource alone. What it takes from others is not known in it."""
    if not registered.kind:
        return Graph(())
    properties = {name: _value(value, {}) for name, value in registered.properties.items()}
    return Graph((_resource(registered, registered.name, properties, ()),))


def keys_of(resources: Iterable[Registered]) -> dict[str, str]:
    """By URN, the key of each Azure resource in the graph: its name, which Pulumi wants unique for each type only."""
    azure = [one for one in resources if one.kind]
    names = Counter(one.name for one in azure)
    return {one.urn: one.name if names[one.name] == 1 else f"{one.name} ({one.kind})" for one in azure}


def graph_of(resources: Sequence[Registered]) -> Graph:
    """The graph of all that a program registered."""
    keys = keys_of(resources)
    by_urn = {one.urn: one for one in resources if one.urn in keys}
    drawn = []
    for one in by_urn.values():
        properties = {}
        for name, value in one.properties.items():
            sources = {keys[urn]: by_urn[urn] for urn in one.origins.get(name, ()) if urn in keys and urn != one.urn}
            properties[name] = _value(value, sources)
        after = tuple(keys[urn] for urn in one.after if urn in keys and urn != one.urn)
        drawn.append(_resource(one, keys[one.urn], properties, after))
    return Graph(tuple(drawn))


def _resource(one: Registered, key: str, properties: Mapping[str, Value], after: tuple[str, ...]) -> Resource:
    return Resource(key, one.kind, "", properties, after=after, holds_data=one.protected)


def _value(value: object, sources: Mapping[str, Registered]) -> Value:
    if isinstance(value, str):
        return _text(value, sources)
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return UNKNOWN  # a secret or a file: what is in it is not for rules to look at
        return {name: _value(part, sources) for name, part in value.items()}
    if isinstance(value, Sequence):
        return [_value(part, sources) for part in value]
    return value if isinstance(value, bool | int | float) else None


def _text(value: str, sources: Mapping[str, Registered]) -> Value:
    if value in UNKNOWN_MARKS:
        candidates = tuple(Ref(key) for key in sources)
        return candidates[0] if len(candidates) == 1 else Joined(candidates)
    last = value.rstrip("/").rpartition("/")[2].lower()
    for key, source in sources.items():
        if last in _own_names(source):
            return Ref(key, "id" if "/" in value else "name")
    return value


def _own_names(resource: Registered) -> frozenset[str]:
    """What a resource may be called in Azure, in lower case."""
    path = NAMES.get(resource.kind)
    paths = [path] if path else [name for name in resource.properties if name.endswith("Name")]
    found = (resource.properties.get(name) for name in paths)
    return frozenset(name.lower() for name in found if isinstance(name, str) and name not in UNKNOWN_MARKS)
