"""What Azure answers to a request that it accepted: the same, as it writes it, with what it adds."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

from modelyard_infra.catalogue import Shape
from modelyard_infra.plugin.wire import Properties
from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.paths import Json, first_at, put_at
from modelyard_infra.simulator.request import Request, normal_location
from modelyard_infra.simulator.rules.answers import COMPUTED
from modelyard_infra.simulator.rules.services import IGNORED, KEPT
from modelyard_infra.simulator.templates import fill

SYSTEM_ASSIGNED = "SystemAssigned"
ASSIGNMENT = "authorization:RoleAssignment"


def answered(request: Request) -> Request:
    """The request with the body that a GET shows afterwards."""
    body = visible(request.properties, request.type.shape)
    for name in request.type.path_parameters:
        body.pop(name, None)
    if "location" in body:
        body["location"] = normal_location(body["location"])
    _keep(body, request)
    full = replace(request, body=body)
    names = dict(arm_id.match(request.type.id_template, request.id) or {})
    for path, value in request.type.defaults.items():
        if not _inside_of_nothing(body, path):
            _add(full, path, _filled(copy.deepcopy(value), full, names))
    _identities(full)
    _compute(full, names)
    return full


def visible(value: Mapping[str, Json], level: Mapping[str, Shape]) -> Properties:
    """Properties without those that Azure takes and never shows."""
    return {
        name: _visible(part, level.get(name))
        for name, part in value.items()
        if name not in level or not level[name].write_only
    }


def _visible(value: Json, shape: Shape | None) -> Json:
    if shape is None:
        return copy.deepcopy(value)
    if isinstance(value, Mapping):
        inner = members(shape, value)
        return visible(value, inner) if inner else {name: _visible(part, shape.items) for name, part in value.items()}
    if isinstance(value, list):
        return [_visible(part, shape.items) for part in value]
    return value


def members(shape: Shape, value: Mapping[str, Json]) -> Mapping[str, Shape]:
    """The properties that an object of this shape may have; nothing for a free map."""
    if shape.type == "union":
        return shape.choices.get(str(value.get(shape.discriminator)), {})
    return shape.properties


def _inside_of_nothing(body: Properties, path: str) -> bool:
    """Whether a default belongs to an object that is not there: Azure does not invent the object for it."""
    above, _, _ = path.rpartition(".")
    return bool(above) and first_at(body, above) is None


def _keep(body: Properties, request: Request) -> None:
    for row in KEPT:
        if row.kind == request.kind and request.existing is not None and first_at(body, row.path) is None:
            old = first_at(request.existing.body, row.path)
            if old is not None:
                put_at(body, row.path, old)
    for row in IGNORED:
        old = first_at(request.existing.body, row.path) if row.kind == request.kind and request.existing else None
        if old is not None:
            put_at(body, row.path, old)


def _identities(request: Request) -> None:
    """Identities come back with their ids: those of others as a map, one's own beside it."""
    identity = request.body.get("identity")
    if not isinstance(identity, dict):
        return
    if SYSTEM_ASSIGNED in str(identity.get("type", "")):
        identity["principalId"] = fill("{guid:principal}", request, {})
        identity["tenantId"] = request.tenant
    assigned = identity.get("userAssignedIdentities")
    if isinstance(assigned, list | dict):
        identity["userAssignedIdentities"] = {name: _identity(name, request) for name in assigned}


def _identity(identity: str, request: Request) -> Properties:
    stored = request.tables.get(identity)
    known = stored.body if stored else {}
    return {name: known[name] for name in ("clientId", "principalId") if name in known}


def _compute(request: Request, names: Mapping[str, str]) -> None:
    for row in COMPUTED:
        if row.kind == request.kind and (not row.needs or first_at(request.body, row.needs) is not None):
            _add(request, row.path, _filled(row.value, request, names))
    for path, template in request.type.computed.items():
        _add(request, path, _filled(template, request, names))
    if request.kind == ASSIGNMENT:
        request.body["scope"] = names["scope"]
    request.body["name"] = request.name
    request.body["type"] = request.type.arm
    request.body["azureApiVersion"] = request.type.api_version


def _add(request: Request, path: str, value: Json) -> None:
    if first_at(request.body, path) is None:
        put_at(request.body, path, value)


def _filled(value: Json, request: Request, names: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return fill(value, request, names)
    if isinstance(value, Mapping):
        return {name: _filled(part, request, names) for name, part in value.items()}
    return [_filled(part, request, names) for part in value] if isinstance(value, list) else value
