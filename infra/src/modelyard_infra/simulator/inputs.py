"""What a program sends for a resource: named, identified, foreseen, and found again after a change by somebody else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from modelyard_infra.catalogue import AzureType, Shape
from modelyard_infra.plugin.wire import UNKNOWN, Properties
from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.body import members
from modelyard_infra.simulator.diffing import drifted
from modelyard_infra.simulator.paths import Json, first_at, put_at
from modelyard_infra.simulator.rules.answers import COMPUTED
from modelyard_infra.simulator.store import Stored

RANDOM_DIGITS = 8


def named(azure_type: AzureType, inputs: Properties, old: Properties, key: str, seed: bytes) -> Properties:
    """Inputs with a name: the one that is given, the one it has, or one that is made up from the key."""
    name = azure_type.name_property
    if inputs.get(name) is not None or name not in azure_type.shape or name == arm_id.GROUP:
        return inputs
    digits = hashlib.sha256(seed or key.encode()).hexdigest()[:RANDOM_DIGITS]
    return {**inputs, name: old.get(name) or f"{key}{digits}"}


def identity(azure_type: AzureType, inputs: Mapping[str, Json], subscription: str) -> str:
    """The id that a resource with these inputs has.

    Raises:
        KeyError: a part of it is missing.
    """
    own = {arm_id.SUBSCRIPTION: subscription} if subscription else {}
    return arm_id.fill(azure_type.id_template, {**own, **inputs})


def foreseen(azure_type: AzureType, inputs: Properties) -> Properties:
    """Outputs as far as they follow from the inputs; the rest is not known yet."""
    in_path = set(azure_type.path_parameters)
    sent = {name: value for name, value in inputs.items() if name not in in_path}
    outputs = _foreseen(sent, azure_type.shape)
    paths = [*azure_type.outputs, *azure_type.computed, *azure_type.defaults]
    paths += [row.path for row in COMPUTED if row.kind == azure_type.kind]
    for path in paths:
        above = path.rpartition(".")[0]
        if first_at(outputs, path) is None and "[" not in path and not _is_closed(outputs, above):
            put_at(outputs, path, UNKNOWN)
    name = inputs.get(azure_type.name_property)
    return {**outputs, "name": name if name is not None else UNKNOWN, "type": azure_type.arm}


def _foreseen(value: Mapping[str, Json], level: Mapping[str, Shape]) -> Properties:
    """Inputs as the program will see them again, without those that come back in another form."""
    return {name: _foreseen_part(part, level[name]) if name in level else part for name, part in value.items()}


def _foreseen_part(value: Json, shape: Shape) -> Json:
    if shape.as_keys:
        return UNKNOWN
    if isinstance(value, Mapping):
        return _foreseen(value, members(shape, value))
    return value


def _is_closed(outputs: Properties, above: str) -> bool:
    """Whether nothing can be put below a path: something else than an object stands on the way."""
    value: Json = outputs
    for part in above.split(".") if above else ():
        if not isinstance(value, Mapping):
            return True
        value = value.get(part, {})
    return not isinstance(value, Mapping)


def projected(azure_type: AzureType, body: Mapping[str, Json]) -> Properties:
    """An answer without what only Azure sets: what one would send to get it."""
    return _projected(body, {name: shape for name, shape in azure_type.shape.items() if not shape.in_path})


def _projected(value: Mapping[str, Json], level: Mapping[str, Shape]) -> Properties:
    return {
        name: _part(part, level[name]) for name, part in value.items() if name in level and not level[name].read_only
    }


def _part(value: Json, shape: Shape) -> Json:
    if shape.as_keys and isinstance(value, Mapping):
        return list(value)
    if isinstance(value, Mapping):
        inner = members(shape, value)
        return _projected(value, inner) if inner else dict(value)
    if isinstance(value, list) and shape.items is not None:
        return [_part(part, shape.items) for part in value]
    return value


def drifted_inputs(azure_type: AzureType, inputs: Properties, before: Properties, after: Properties) -> Properties:
    """The inputs with what somebody else changed since the last update."""
    result = drifted(inputs, projected(azure_type, before), projected(azure_type, after))
    assert isinstance(result, dict)
    return result


def imported(azure_type: AzureType, found: Stored) -> Properties:
    """Inputs for a resource that was not made by the stack: its address, and all that can be sent."""
    address = arm_id.match(azure_type.id_template, found.id) or {}
    address.pop(arm_id.SUBSCRIPTION, None)
    return {**projected(azure_type, found.body), **address}
