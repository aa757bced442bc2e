"""Changes a graph by a word or a resource, for tests that ask what a change does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from modelyard_infra.blueprint.graph import Graph, Properties, Resource, Value

Path: TypeAlias = str
"""Names with dots between; a number is a place in a list: `template.containers.0.image`."""


class Gone:
    """Stands for a value that is to be taken out."""


GONE = Gone()


def changed(graph: Graph, key: str, path: Path, value: Value | Gone) -> Graph:
    """The graph with another value in one property of one resource; GONE takes the property out.

    Raises:
        UnknownResourceError: the graph has no such resource.
        LookupError: nothing stands where the path leads to.
    """
    old = graph[key]
    new = replace(old, properties=_with(old.properties, path.split("."), value))
    return Graph(tuple(new if resource.key == key else resource for resource in graph))


def read(graph: Graph, key: str, path: Path) -> str:
    """The text in one property of one resource.

    Raises:
        LookupError: no text stands where the path leads to.
    """
    found: Value = graph[key].properties
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, Sequence) and not isinstance(found, str):
            found = found[int(name)]
    if not isinstance(found, str):
        raise LookupError(f"no text at {path} of {key}")
    return found


def unprotected(graph: Graph, key: str) -> Graph:
    """The graph with one resource that is not marked as holding data."""
    new = replace(graph[key], holds_data=False)
    return Graph(tuple(new if resource.key == key else resource for resource in graph))


def without(graph: Graph, *keys: str) -> Graph:
    """The graph without some resources and without all that refers to them.

    Raises:
        UnknownResourceError: the graph has no such resource.
    """
    gone = {graph[key].key for key in keys}
    while more := {one.key for one in graph if one.key not in gone and gone & {ref.resource for ref in one.references}}:
        gone |= more
    kept = (resource for resource in graph if resource.key not in gone)
    return Graph(tuple(replace(one, after=tuple(key for key in one.after if key not in gone)) for one in kept))


def with_more(graph: Graph, key: str, kind: str, properties: Properties) -> Graph:
    """The graph with one more resource."""
    return Graph((*graph, Resource(key, kind, "test", properties)))


def _with(value: Value, path: Sequence[str], new: Value | Gone) -> dict[str, Value]:
    if not isinstance(value, Mapping):
        raise LookupError(f"no map above {'.'.join(path)}")
    name, *deeper = path
    found = dict(value)
    if deeper:
        found[name] = _inside(value.get(name, {}), deeper, new)
    elif isinstance(new, Gone):
        del found[name]
    else:
        found[name] = new
    return found


def _inside(value: Value, path: Sequence[str], new: Value | Gone) -> Value:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return _with(value, path, new)
    place, *deeper = path
    found = list(value)
    if deeper:
        found[int(place)] = _inside(value[int(place)], deeper, new)
    elif isinstance(new, Gone):
        del found[int(place)]
    else:
        found[int(place)] = new
    return found
