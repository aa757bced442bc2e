"""Applies the tables of rules to a request. Nothing in here is about one kind: the tables are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from modelyard_infra.catalogue import problems
from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import Json, first_at, texts_at, values_at
from modelyard_infra.simulator.request import Request
from modelyard_infra.simulator.rules import names, network, services
from modelyard_infra.simulator.rules.rows import BAD_REQUEST, CONFLICT, NOT_FOUND, Fixed, Needs, Refusal
from modelyard_infra.simulator.store import Stored, Tables
from modelyard_infra.simulator.templates import fill

Check = Callable[[Request], None]


def refused(refusal: Refusal, request: Request, **facts: object) -> AzureError:
    """The error that a row of a table asks for."""
    return AzureError(refusal.status, refusal.code, fill(refusal.message, request, facts))


def require_shape(request: Request) -> None:
    """What the specification says about the properties."""
    found = problems(request.kind, request.properties)
    if found:
        said = "; ".join(str(problem) for problem in found)
        raise AzureError(
            BAD_REQUEST, "InvalidRequestContent", f"The request content was invalid for {request.type.arm}: {said}"
        )


def require_home(request: Request) -> None:
    """The resource group, the parent and the scope must be there."""
    for identity in reversed(list(arm_id.ancestors(request.id))):
        if request.tables.get(identity) is not None or _comes_with_parent(identity):
            continue
        if arm_id.key(identity) == arm_id.key(arm_id.group_id(request.id)):
            name = arm_id.group_of(identity)
            raise AzureError(NOT_FOUND, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        if request.id.rpartition(arm_id.PROVIDERS)[0].lower().startswith(arm_id.key(identity)):
            raise AzureError(NOT_FOUND, "ResourceNotFound", f"The Resource '{_short(identity)}' was not found.")
        raise AzureError(
            NOT_FOUND,
            "ParentResourceNotFound",
            f"Failed to perform 'write' on resource(s) of type '{request.type.arm.partition('/')[2]}', because the "
            f"parent resource '{identity}' could not be found.",
        )


def _comes_with_parent(identity: str) -> bool:
    """`…/blobServices/default` is there as soon as the account is; so is, as far as anybody knows, a vault's secret."""
    return arm_id.type_of(identity).lower() in names.DATA or any(
        row.name and identity.lower().endswith(f"services/{row.name}") for row in names.SINGLETONS
    )


def require_place(request: Request) -> None:
    """A resource cannot move."""
    old = request.existing.body.get("location") if request.existing else None
    if old and request.location and old != request.location:
        raise AzureError(
            CONFLICT,
            "InvalidResourceLocation",
            f"The resource '{request.name}' already exists in location '{old}' in resource group "
            f"'{arm_id.group_of(request.id)}'. A resource with the same name cannot be created in location "
            f"'{request.location}'. Please select a new resource name.",
        )


def require_free_name(request: Request) -> None:
    """Names that are unique in all of Azure, and those that deleted resources hold."""
    if request.existing is not None:
        return
    row = next((row for row in names.WORLDWIDE if row.kind == request.kind), None)
    if row is not None or request.type.worldwide:
        for other in request.tables.named(request.kind, request.name):
            answer = row.answer if row else Refusal(CONFLICT, "NameNotAvailable", "The name {name} is taken.")
            raise refused(answer, request, user=other.id)
    for gone in names.SOFT_DELETES:
        if gone.kind == request.kind and request.tables.soft_deleted(request.kind, request.name):
            path, value = gone.recover
            if first_at(request.properties, path) != value:
                raise refused(gone.answer, request)


def require_references(request: Request) -> None:
    """Ids in the properties must name something of the right type."""
    for row in (*network.REFERENCES, *services.REFERENCES):
        if row.kind != request.kind:
            continue
        for identity in texts_at(request.properties, row.path):
            fits = not row.target or arm_id.type_of(identity).lower() == row.target.lower()
            if not fits or request.tables.get(identity) is None:
                raise refused(
                    row.answer,
                    request,
                    reference=identity,
                    short_reference=_short(identity),
                    reference_group=arm_id.group_of(identity),
                )


def require_subnets(request: Request) -> None:
    """Delegation and size of the subnets that a service is put into."""
    for row in network.SUBNETS:
        for subnet in _subnets(request, row.path) if row.kind == request.kind else ():
            services_of = [text.lower() for text in texts_at(subnet.body, "delegations[].serviceName")]
            facts = {"reference": subnet.id, "service": row.delegated_to or ", ".join(services_of)}
            wrong = row.delegated_to.lower() not in services_of if row.delegated_to else bool(services_of)
            if wrong:
                raise refused(row.undelegated, request, **facts)
            if min(_prefix_lengths(subnet), default=0) > row.longest_prefix:
                raise refused(row.too_small, request, **facts)


def _subnets(request: Request, path: str) -> Iterator[Stored]:
    for text in texts_at(request.properties, path):
        identity = text
        if "/" not in text:
            home = first_at(request.properties, network.NETWORK_OF_NAMED_SUBNETS)
            identity = f"{home}/subnets/{text}"
        subnet = request.tables.get(identity)
        if subnet is None:
            raise refused(network.REFERENCES[0].answer, request, reference=identity)
        yield subnet


def _prefix_lengths(subnet: Stored) -> list[int]:
    ranges = [*texts_at(subnet.body, "addressPrefix"), *texts_at(subnet.body, "addressPrefixes[]")]
    return [int(text.partition("/")[2]) for text in ranges]


def require_group_ids(request: Request) -> None:
    """What a private endpoint may be made for."""
    connections = "privateLinkServiceConnections[]"
    for connection in values_at(request.properties, connections) if request.kind == "network:PrivateEndpoint" else ():
        target, wanted = connection.get("privateLinkServiceId", ""), connection.get("groupIds") or []
        row = next((row for row in network.GROUP_IDS if row.target.lower() == arm_id.type_of(target).lower()), None)
        facts = {"reference": target, "type": arm_id.type_of(target), "value": ", ".join(wanted)}
        if row is None:
            raise refused(network.NO_PRIVATE_LINK, request, **facts)
        if len(wanted) > 1:
            raise refused(network.ONE_GROUP_ID, request, **facts)
        if not wanted or wanted[0] not in row.allowed:
            raise refused(row.answer, request, **facts, allowed=", ".join(row.allowed))


def require_fixed(request: Request) -> None:
    """What cannot change any more: with the error that is known, or else with the usual one."""
    if request.existing is None:
        return
    for row in services.FIXED:
        if row.kind == request.kind and _is_refused(row, *_before_and_after(request, row.path)):
            old, new = _before_and_after(request, row.path)
            raise refused(row.answer, request, path=row.path, old=old, new=new)
    for path in sorted(request.type.replaces - set(request.type.path_parameters) - {"location"}):
        old, new = _before_and_after(request, path)
        if old != new and None not in (old, new):
            raise refused(services.CHANGE_REFUSED, request, path=path, old=old)
    for change in request.type.refuses:
        old, new = _before_and_after(request, change.path)
        if None not in (old, new) and change.refuses(old, new):
            raise refused(services.CHANGE_REFUSED, request, path=f"{change.path} ({change.says})", old=old)


def _before_and_after(request: Request, path: str) -> tuple[Json, Json]:
    assert request.existing is not None
    if "[]" in path:
        return values_at(request.existing.body, path), values_at(request.body, path)
    return first_at(request.existing.body, path), first_at(request.body, path)


def _is_refused(row: Fixed, old: Json, new: Json) -> bool:
    if old == new or old is None or new is None or (old, new) in row.unless:
        return False
    if row.only_from and old not in row.only_from:
        return False
    return not (row.may_grow and new > old)


def require_unique(request: Request) -> None:
    """Values that no two of a kind may share."""
    for row in (*network.UNIQUE, *services.UNIQUE):
        if row.kind != request.kind:
            continue
        mine = [_comparable(first_at(request.body, path)) for path in row.paths]
        if None in mine:
            continue
        others = request.siblings() if row.below_parent else request.tables.of_kind(request.kind)
        for other in others:
            same = [_comparable(first_at(other.body, path)) for path in row.paths] == mine
            if same and other.key != arm_id.key(request.id):
                raise refused(row.answer, request, user=other.id, value=mine[0] if mine else "")


def _comparable(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def require_companions(request: Request) -> None:
    """Settings that go only with certain others, here or in another resource."""
    for row in services.NEEDS:
        if row.kind == request.kind and any(_applies(row, value) for value in values_at(request.body, row.path)):
            for identity, body in _others(row, request):
                value = first_at(body, row.other)
                if value not in row.allowed if row.allowed else not value:
                    raise refused(row.answer, request, path=row.path, other_id=identity, other_value=value)


def _applies(row: Needs, value: Json) -> bool:
    return value in row.when if row.when else bool(value)


def _others(row: Needs, request: Request) -> Iterator[tuple[str, Mapping[str, Json]]]:
    if row.of == "self":
        yield request.id, request.body
        return
    ids = list(arm_id.ancestors(request.id)) if row.of == "parent" else texts_at(request.body, row.of)
    stored = [other for other in map(request.tables.get, ids) if other is not None]
    for other in stored[:1] if row.of == "parent" else stored:
        if not row.of_type or arm_id.type_of(other.id).lower() == row.of_type.lower():
            yield other.id, other.body


def require_sizes(request: Request) -> None:
    """What containers ask for must add up to a size that there is."""
    for row in services.SIZES:
        asked = values_at(request.properties, f"{row.containers}.resources") if row.kind == request.kind else []
        if not asked:
            continue
        cpu = sum(float(size.get("cpu", 0)) for size in asked)
        memory = sum(float(str(size.get("memory", "0")).removesuffix("Gi")) for size in asked)
        if (cpu, memory) not in row.allowed:
            allowed = "; ".join(f"[cpu: {one:g}, memory: {other:g}Gi]" for one, other in row.allowed)
            raise refused(row.answer, request, cpu=f"{cpu:g}", memory=f"{memory:g}Gi", allowed=allowed)


def require_quota(request: Request) -> None:
    """How many there may be."""
    row = next((row for row in names.QUOTAS if row.kind == request.kind), None)
    if row is None or request.existing is not None:
        return
    limit = int(request.tables.setting(f"quota:{row.kind}") or row.limit)
    if row.below_parent:
        others = request.siblings()
    else:
        subscription = arm_id.subscription_of(request.id).lower()
        others = [
            other
            for other in request.tables.of_kind(row.kind)
            if arm_id.subscription_of(other.id).lower() == subscription
            and other.body.get("location", request.location) == request.location
        ]
    if len(others) >= limit:
        raise refused(row.answer, request, limit=limit)


def require_rest(request: Request) -> None:
    """Nothing else may be under way on what this belongs to."""
    busy = request.existing if request.existing and request.existing.busy else _busy_neighbour(request)
    if busy is None:
        return
    row = next((row for row in network.BUSY if row.kind == request.kind), None)
    answer = row.answer if row else network.BUSY[0].answer
    raise refused(answer, request, user=busy.id)


def _busy_neighbour(request: Request) -> Stored | None:
    row = next((row for row in network.BUSY if row.kind == request.kind), None)
    parent = request.parent
    if row is None or parent is None:
        return None
    neighbours = [other for other in request.tables.below(parent.id) if other.kind in row.others]
    return next((other for other in (parent, *neighbours) if other.busy), None)


def require_idle_target(tables: Tables, target: Stored, request: Request) -> None:
    """Nobody may use what is to be deleted."""
    for row in network.IN_USE:
        if row.target != target.kind:
            continue
        for user in tables.of_kind(row.user):
            if _uses(user, row.path, target):
                raise refused(row.answer, request, user=user.id)


def _uses(user: Stored, path: str, target: Stored) -> bool:
    if not path:
        return user.key.startswith(target.key + "/")
    ids = [arm_id.key(text) for text in texts_at(user.body, path)]
    if target.kind == "network:Subnet" and path == network.NETWORK_OF_NAMED_SUBNETS:
        named = [
            text.lower() for row in network.SUBNETS if row.kind == user.kind for text in texts_at(user.body, row.path)
        ]
        return target.key.rpartition("/subnets/")[0] in ids and target.name.lower() in named
    return target.key in ids


def _short(identity: str) -> str:
    return f"{arm_id.type_of(identity)}/{arm_id.name_of(identity)}"


BEFORE: tuple[Check, ...] = (
    require_shape,
    require_home,
    require_place,
    require_free_name,
    require_references,
    require_subnets,
    require_group_ids,
    require_sizes,
    require_quota,
    require_rest,
)
"""Checks of what is asked for."""
AFTER: tuple[Check, ...] = (require_fixed, require_unique, require_companions)
"""Checks of what would come out."""
