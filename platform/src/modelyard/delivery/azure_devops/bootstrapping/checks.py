"""Checks that a run has to pass before it may use something: approval, one at a time, our template, our branch.

They live in the service and in no file, so whoever may administer a resource can take them away: `--check` finds out.
Source: REST reference, "Approvals and Checks - Check Configurations" 7.1-preview.1; ids of the kinds and their settings
as terraform-provider-azuredevops has them (common_check.go, resource_check_*.go).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from modelyard.delivery.azure_devops.bootstrapping.comparing import differences, merged
from modelyard.delivery.azure_devops.bootstrapping.desk import (
    APPROVER,
    CONNECTION,
    ENVIRONMENT,
    GROUP,
    PROJECT,
    Desk,
    Json,
)
from modelyard.delivery.azure_devops.bootstrapping.resources import group_name
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing
from modelyard.delivery.azure_devops.bootstrapping.wishes import Approval
from modelyard.delivery.azure_devops.rest.client import PREVIEW

ROUTE = "pipelines/checks/configurations"
APPROVAL = "8c6f20a7-a545-4486-9777-f762fafe0d4d"
EXCLUSIVE_LOCK = "2ef31ad6-baa0-403a-8b45-2cbc9b4e5563"
TEMPLATE = "4020e66e-b0f3-47e1-bc88-48f3cc59b5f3"
TASK = "fe1de3ee-a436-41b4-bb20-f6eb4cb879a7"
"""Kinds of checks; branch control is a task of its own."""
BRANCH_TASK = {"id": "86b05a0c-73e6-4f7d-b3cf-e38f3b39a75b", "name": "evaluatebranchProtection", "version": "0.0.1"}
BRANCH_TITLE = "Modelyard: only the protected branch"
DAY = 24 * 60
APPROVAL_MINUTES = 7 * DAY
LOCK_MINUTES = 7 * DAY
RESOURCES = {ENVIRONMENT: "environment", CONNECTION: "endpoint", GROUP: "variablegroup"}
"""What the service calls each kind of resource."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A resource that a check stands before."""

    kind: str
    name: str

    def id(self, desk: Desk) -> str:
        """The resource's id."""
        return desk.id(self.kind, self.name)


def guards_of(desk: Desk, kind: str, name: str) -> tuple[tuple[str, str], ...]:
    """The checks that must stand before a resource before any pipeline may use it, as kind and name of their things."""
    label, wishes = f"{kind} {name}", desk.wishes
    connections = {one for target in wishes.targets for one in (target.provisioning, target.connection)}
    groups = {group_name(target) for target in wishes.targets if target.secrets}
    titles: tuple[str, ...] = ()
    if kind == ENVIRONMENT:
        titles = ("required template", "branch control", "exclusive lock")
        titles += ("approval",) if wishes.approval_of(name) else ()
    elif (kind == CONNECTION and name in connections) or (kind == GROUP and name in groups):
        titles = ("required template", "branch control")
        titles += ("exclusive lock",) if name in {target.provisioning for target in wishes.targets} else ()
    return tuple((title, label) for title in titles)


def approver_things(desk: Desk) -> Iterator[Thing]:
    """Everybody who may approve has to be in the organisation."""
    asked = (desk.wishes.approval_of(name) for name in desk.wishes.environments)
    for mail in sorted({mail for approval in asked if approval for mail in approval.approvers}):
        yield Thing(
            kind=APPROVER,
            name=mail,
            why="may approve",
            find=partial(_person, desk, mail),
            wanted=dict,
            keep=desk.keeps(APPROVER, mail),
            person="add this person to the organisation, or correct azure.approvals.approvers",
        )


def check_things(desk: Desk) -> Iterator[Thing]:
    """Every check on every resource."""
    for name in desk.wishes.environments:
        guarded = Guarded(ENVIRONMENT, name)
        yield from _code(desk, guarded)
        yield _lock(desk, guarded)
        approval = desk.wishes.approval_of(name)
        if approval is not None:
            yield _approval(desk, guarded, approval)
    for target in desk.wishes.targets:
        for connection in (target.provisioning, target.connection):
            yield from _code(desk, Guarded(CONNECTION, connection))
        # Whatever changes the stack goes through this one connection: `ENV-infra` and `ENV` are two environments.
        yield _lock(desk, Guarded(CONNECTION, target.provisioning))
        if target.secrets:
            yield from _code(desk, Guarded(GROUP, group_name(target)))


def _lock(desk: Desk, guarded: Guarded) -> Thing:
    return _check(desk, guarded, "exclusive lock", EXCLUSIVE_LOCK, dict, minutes=LOCK_MINUTES)


def _code(desk: Desk, guarded: Guarded) -> Iterator[Thing]:
    """Only reviewed code, through the governed template, gets any further."""
    wishes = desk.wishes
    template = {
        "repositoryType": "git",
        # Without the project: with it, the service asks for a template that came through a repository resource.
        "repositoryName": wishes.repository,
        "repositoryRef": wishes.branch,
        "templatePath": wishes.template,
    }
    yield _check(desk, guarded, "required template", TEMPLATE, lambda: {"extendsChecks": [template]})
    branch = {
        "displayName": BRANCH_TITLE,
        "definitionRef": BRANCH_TASK,
        "inputs": {
            "allowedBranches": wishes.branch,
            "ensureProtectionOfBranch": "true",
            "allowUnknownStatusBranch": "false",
        },
    }
    yield _check(desk, guarded, "branch control", TASK, lambda: branch, minutes=DAY)


def _approval(desk: Desk, guarded: Guarded, approval: Approval) -> Thing:
    who = f"{approval.minimum} of {len(approval.approvers)} approve; whoever queued the run does not"
    made = _check(
        desk,
        guarded,
        "approval",
        APPROVAL,
        lambda: _approval_settings(desk, approval),
        minutes=APPROVAL_MINUTES,
        why=who,
        differs=_approval_differs,
    )
    return replace(made, needs=(*made.needs, *((APPROVER, mail) for mail in approval.approvers)))


def _person(desk: Desk, mail: str) -> Json | None:
    """The person with this mail address; nobody where it is not one person's alone."""
    found = {str(one["id"]): one for one in desk.service.identities("MailAddress", mail)}
    return found.popitem()[1] if len(found) == 1 else None


def _approval_settings(desk: Desk, approval: Approval) -> Json:
    return {
        "approvers": [{"id": desk.id(APPROVER, mail)} for mail in approval.approvers],
        "minRequiredApprovers": approval.minimum,
        "requesterCannotBeApprover": True,
        "executionOrder": "anyOrder",
        "instructions": "Say why in the comment: it goes into the ledger.",
    }


def _check(
    desk: Desk,
    guarded: Guarded,
    title: str,
    kind: str,
    settings: Callable[[], Json],
    *,
    minutes: int | None = None,
    why: str = "",
    differs: Callable[[Json, Json], tuple[str, ...]] | None = None,
) -> Thing:
    resource = RESOURCES[guarded.kind]

    def wanted() -> Json:
        body = {
            "type": {"id": kind},
            "settings": settings(),
            "resource": {"type": resource, "id": guarded.id(desk)},
            "isDisabled": False,
        }
        return body if minutes is None else {**body, "timeout": minutes}

    return Thing(
        kind=title,
        name=f"{guarded.kind} {guarded.name}",
        why=why or WHY[title],
        find=partial(_found, desk, guarded, kind),
        wanted=wanted,
        make=lambda body: desk.service.write("POST", ROUTE, _named(body, guarded), version=PREVIEW),
        change=lambda found, body: desk.service.write(
            "PATCH", f"{ROUTE}/{found['id']}", merged(found, body), version=PREVIEW
        ),
        keep=desk.keeps(title, f"{guarded.kind} {guarded.name}"),
        needs=((PROJECT, desk.wishes.project), (guarded.kind, guarded.name)),
        differs=differs,
    )


WHY = {
    "required template": "nobody adds a step from outside",
    "branch control": "only reviewed code gets this far",
    "exclusive lock": "one run at a time",
}


def _named(body: Json, guarded: Guarded) -> Json:
    return {**body, "resource": {**body["resource"], "name": guarded.name}}


def _found(desk: Desk, guarded: Guarded, kind: str) -> Json | None:
    query = {"resourceType": RESOURCES[guarded.kind], "resourceId": guarded.id(desk), "_expand": "settings"}
    for one in desk.service.every(ROUTE, version=PREVIEW, **query):
        ours = str(one["type"]["id"]).lower() == kind
        task = ((one.get("settings") or {}).get("definitionRef") or {}).get("id", "")
        if ours and (kind != TASK or str(task).lower() == BRANCH_TASK["id"]):
            return one
    return None


def _approval_differs(wanted: Json, found: Json) -> tuple[str, ...]:
    """Approvers are a set, and what the service adds to each (names, pictures) says nothing."""
    ids = [sorted(str(one.get("id")) for one in body["settings"].get("approvers") or ()) for body in (wanted, found)]
    rest = {**wanted, "settings": {name: value for name, value in wanted["settings"].items() if name != "approvers"}}
    other = () if ids[0] == ids[1] else (f"settings.approvers: {len(ids[1])} people → {len(ids[0])}, or other ones",)
    return (*other, *differences(rest, found))
