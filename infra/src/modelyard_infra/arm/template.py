"""Writes resources as ARM wants them: nested as the REST API has them, with type, version, name and scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from modelyard_infra.arm.expressions import GROUP, Declared, joined, type_of, written
from modelyard_infra.blueprint.graph import Joined, Ref, Resource, refs_in
from modelyard_infra.catalogue import UNKNOWN, Shape, load_catalogue
from modelyard_infra.catalogue.values import is_list

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
Json: TypeAlias = dict[str, Any]


def arm_template(resources: Iterable[Resource]) -> Json:
    """A template that deploys resources into their resource group.

    The group itself is where a template of this kind is deployed to; it is named in `metadata`. What ARM cannot make
    (a folder of a lake) is named there too. A value that ARM cannot know when it reads the template is a parameter.

    Args:
        resources: a blueprint's graph, or what `resources_of` read from a preview.

    Raises:
        ValueError: the resources are in more than one resource group.
    """
    declared = Declared({resource.key: resource for resource in resources})
    everything = list(declared.resources.values())
    groups = [resource for resource in everything if resource.kind == GROUP]
    if len(groups) > 1:
        raise ValueError(f"one template, one resource group; found {', '.join(group.key for group in groups)}")
    foreign = [resource for resource in everything if not load_catalogue()[resource.kind].arm]
    written_out = [_resource(one, declared) for one in everything if one not in groups and one not in foreign]
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "metadata": {
            "resourceGroup": [declared.name(group, "resourceGroupName")[1:-1] for group in groups],
            "notInArm": [resource.key for resource in foreign],
        },
        "parameters": dict(sorted(declared.parameters.items())),
        "resources": written_out,
    }


def _resource(resource: Resource, declared: Declared) -> Json:
    azure_type = load_catalogue()[resource.kind]
    over = declared.scope(resource)
    body = _object(resource.properties, azure_type.shape, declared, resource.key)
    for name in {"name", "type", "id"} & set(azure_type.top_level):
        body.pop(name, None)  # the SDK's second way to say the address
    written_out: Json = {
        "type": type_of(resource),
        "apiVersion": azure_type.api_version,
        "name": joined(declared.names(resource)),
        **({"scope": _text(over, declared, f"{resource.key}-scope")} if over is not None else {}),
        **body,
    }
    needs = dict.fromkeys([*(ref.resource for ref in refs_in(resource.properties)), *resource.after])
    ids = [f"[{declared.id(other)}]" for other in map(declared.resources.get, needs) if other and _is_deployed(other)]
    return {**written_out, "dependsOn": ids} if ids else written_out


def _is_deployed(resource: Resource) -> bool:
    return resource.kind != GROUP and bool(load_catalogue()[resource.kind].arm)


def _object(properties: Mapping[str, Any], level: Mapping[str, Shape], declared: Declared, where: str) -> Json:
    body: Json = {}
    for name, value in properties.items():
        shape = level.get(name)
        if value is not None and shape is not None and not shape.in_path:
            _put(body, shape.arm, _value(value, shape, declared, f"{where}-{name}"))
    return body


def _put(body: Json, path: str, value: object) -> None:
    *above, last = _parts(path)
    for part in above:
        body = body.setdefault(part, {})
    body[last] = value


def _parts(path: str) -> list[str]:
    """A path's parts. A name like `odata.type` has a dot of its own."""
    return [path] if path.startswith("odata.") else path.split(".")


def _value(value: Any, shape: Shape, declared: Declared, where: str) -> Any:  # noqa: ANN401 - any JSON goes in and out
    if isinstance(value, Ref | Joined | str):
        return _text(value, declared, where)
    if isinstance(value, Mapping):
        return _mapping(value, shape, declared, where)
    if is_list(value):
        return _list(value, shape, declared, where)
    return value


def _text(value: object, declared: Declared, where: str) -> str:
    if isinstance(value, str) and value != UNKNOWN:
        return written(value)
    return f"[{declared.expression(value, where=where)}]"


def _mapping(value: Mapping[str, Any], shape: Shape, declared: Declared, where: str) -> Json:
    if shape.type == "object":
        return _object(value, shape.properties, declared, where)
    if shape.type == "union":
        return _object(value, shape.choices[value[shape.discriminator]], declared, where)
    inner = shape.items or Shape("any")
    return {key: _value(part, inner, declared, f"{where}-{key}") for key, part in value.items()}


def _list(value: Any, shape: Shape, declared: Declared, where: str) -> Any:  # noqa: ANN401 - a list of any JSON
    inner = shape.items or Shape("any")
    parts = [_value(part, inner, declared, f"{where}-{index}") for index, part in enumerate(value)]
    return {part: {} for part in parts} if shape.as_keys else parts
