"""Which pipelines may use what: those that name it, and no other. Nothing is opened before it is guarded.

Source: REST reference, "Approvals and Checks - Pipeline Permissions" 7.1-preview.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelyard.delivery.azure_devops.bootstrapping.checks import guards_of
from modelyard.delivery.azure_devops.bootstrapping.desk import (
    CONNECTION,
    ENVIRONMENT,
    GROUP,
    PIPELINE,
    QUEUE,
    Desk,
    Json,
)
from modelyard.delivery.azure_devops.bootstrapping.resources import group_name
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing
from modelyard.delivery.azure_devops.bootstrapping.uses import Entry
from modelyard.delivery.azure_devops.rest.client import PREVIEW

RESOURCES = {ENVIRONMENT: "environment", CONNECTION: "endpoint", GROUP: "variablegroup", QUEUE: "queue"}
"""What the service calls each kind of resource."""


def authorisation_things(desk: Desk) -> Iterator[Thing]:
    """Which pipelines may use what: those that name it, and no other, and only behind the checks that it needs."""
    for entry in desk.wishes.entries:
        if entry.for_pull_requests and (entry.connections or entry.environments or entry.groups):
            yield _too_much(entry)
    users: dict[tuple[str, str], list[str]] = {}
    for entry in desk.wishes.entries:
        for kind, names in _used(entry).items():
            for name in names:
                users.setdefault((kind, name), []).append(entry.name)
    for target in desk.wishes.targets:
        for name in (target.provisioning, target.connection):
            users.setdefault((CONNECTION, name), [])
        if target.secrets:
            users.setdefault((GROUP, group_name(target)), [])
    for (kind, name), pipelines in sorted(users.items()):
        yield _authorisation(desk, kind, name, sorted(pipelines))


def _too_much(entry: Entry) -> Thing:
    """A pull request may change every file of the pipeline that checks it: whatever that may use, anybody may use."""
    asked = ", ".join((*entry.connections, *entry.environments, *entry.groups))
    return Thing(
        kind="pull requests",
        name=entry.name,
        why="unreviewed code gets no connection, environment or secret",
        find=lambda: None,
        wanted=dict,
        person=f"{entry.file} names {asked}, and is let use none of them: preview with --simulate instead",
    )


def _used(entry: Entry) -> Mapping[str, tuple[str, ...]]:
    if entry.for_pull_requests:
        return {QUEUE: entry.pools}
    hooks = tuple(connection for connection, _ in entry.webhooks)
    connections = tuple(sorted({*entry.connections, *hooks}))
    return {ENVIRONMENT: entry.environments, CONNECTION: connections, GROUP: entry.groups, QUEUE: entry.pools}


def _authorisation(desk: Desk, kind: str, name: str, pipelines: list[str]) -> Thing:
    def route() -> str:
        return f"pipelines/pipelinepermissions/{RESOURCES[kind]}/{desk.id(kind, name)}"

    def change(found: Json, wanted: Json) -> Json:
        theirs = {one["id"] for one in found["pipelines"]} - set(wanted["ids"])
        rows = [{"id": one, "authorized": True} for one in wanted["ids"]]
        body: Json = {"pipelines": rows + [{"id": one, "authorized": False} for one in sorted(theirs)]}
        if found["all"]:
            body["allPipelines"] = {"authorized": False}
        return desk.service.write("PATCH", route(), body, version=PREVIEW)

    return Thing(
        kind="may use",
        name=f"{kind} {name}",
        why=", ".join(pipelines) or "no pipeline",
        find=lambda: _authorised(desk.service.get(route(), version=PREVIEW)),
        wanted=lambda: {"ids": [int(desk.id(PIPELINE, one)) for one in pipelines], "names": pipelines},
        change=change,
        needs=((kind, name), *((PIPELINE, one) for one in pipelines)),
        after=guards_of(desk, kind, name),
        differs=_users_differ,
    )


def _authorised(said: Json) -> Json:
    rows = [one for one in said.get("pipelines") or () if one.get("authorized")]
    return {"pipelines": rows, "all": bool((said.get("allPipelines") or {}).get("authorized"))}


def _users_differ(wanted: Json, found: Json) -> tuple[str, ...]:
    have, want = {one["id"] for one in found["pipelines"]}, dict(zip(wanted["ids"], wanted["names"], strict=True))
    lines = ["every pipeline may use it → only these"] if found["all"] else []
    lines += [f"{name} may not yet" for identity, name in want.items() if identity not in have]
    lines += [f"pipeline {identity} may, and should not" for identity in sorted(have - set(want))]
    return tuple(lines)
