"""Reads what a Pulumi preview is about to make: `pulumi preview --json`, or the engine's events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from modelyard_infra.blueprint.graph import Ref, Resource
from modelyard_infra.catalogue import UNKNOWN, load_catalogue

PACKAGE = "azure-native:"
SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - the key under which Pulumi writes that a value is secret
HIDDEN = "[secret]"
GONE = ("delete", "delete-replaced", "discard", "discard-replaced", "refresh", "read-discard")

IDS = ("id", "ids", "identity", "identities", "scopes", "actiongroups")
"""How properties end that hold ids of other resources."""


class PreviewError(ValueError):
    """What was given is no preview."""


def resources_of(preview: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[Resource]:
    """The resources that exist after a previewed update, in the words of the blueprint.

    A value that is known only later becomes a reference to the one resource that its property depends on, where that
    is plain: as a name in an address, as an id where an id is wanted. Otherwise it stays unknown.

    Args:
        preview: what `pulumi preview --json` prints, or a list of the engine's events.

    Raises:
        PreviewError: it has neither steps nor events.
        UnknownKindError: a resource is of a kind that the catalogue does not have.
    """
    states = {state["urn"]: state for state in _states(preview) if _is_ours(state)}
    return [_resource(state, states) for state in states.values()]


def _states(preview: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    if isinstance(preview, Mapping):
        steps = preview.get("steps")
        if not isinstance(steps, list):
            raise PreviewError("a preview has `steps`; this has not: give what `pulumi preview --json` prints")
        yield from (step["newState"] for step in steps if step.get("newState") and step.get("op") not in GONE)
        return
    for event in preview:
        if not isinstance(event, Mapping):
            raise PreviewError(f"an event is a mapping, not {type(event).__name__}")
        metadata = event.get("resourcePreEvent", {}).get("metadata", {})
        if metadata.get("new") and metadata.get("op") not in GONE:
            yield {"urn": metadata["urn"], **metadata["new"]}


def _is_ours(state: Mapping[str, Any]) -> bool:
    """Whether a state is a resource of Azure: no component, no provider, no stack."""
    return bool(state.get("custom", True)) and (state["type"].startswith(PACKAGE) or _kind(state) in load_catalogue())


def _kind(state: Mapping[str, Any]) -> str:
    return str(state["type"]).removeprefix(PACKAGE)


def _key(urn: str) -> str:
    return urn.rsplit("::", 1)[1]


def _resource(state: Mapping[str, Any], states: Collection[str]) -> Resource:
    kind, depends = _kind(state), state.get("propertyDependencies") or {}
    in_path = load_catalogue()[kind].path_parameters
    properties = {}
    for name, value in (state.get("inputs") or {}).items():
        sources = [urn for urn in depends.get(name) or () if urn in states]
        source = _key(sources[0]) if len(sources) == 1 else None
        properties[name] = _known(value, name, source, "name" if name in in_path else "id")
    return Resource(
        key=_key(state["urn"]),
        kind=kind,
        concern=_key(state["parent"]) if state.get("parent") else "",
        properties=properties,
        after=tuple(_key(urn) for urn in state.get("dependencies") or () if urn in states),
        holds_data=bool(state.get("protect")),
    )


def _known(value: Any, name: str, source: str | None, output: str) -> Any:  # noqa: ANN401 - any JSON goes in and out
    if isinstance(value, Mapping):
        if SECRET in value:
            return HIDDEN
        return {part: _known(inner, part, source, output) for part, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner, name, source, output) for inner in value]
    if value != UNKNOWN or source is None:
        return value
    return _reference(name, source, output)


def _reference(name: str, source: str, output: str) -> Ref | str:
    if name in ("scope", "resourceUri"):
        return Ref(source)
    if name in ("principalId", "objectId"):
        return UNKNOWN  # an output of an identity, which may be its principal's id or somebody else's
    if output == "name":
        return Ref(source, "name")
    return Ref(source) if name.lower().endswith(IDS) else UNKNOWN
