"""Branch policies: what a pull request has to pass before it reaches the protected branch.

Source: REST reference, "Policy - Configurations" 7.1; ids of the policies and names of their settings as
terraform-provider-azuredevops has them (policy/branch/*.go).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from modelyard.delivery.azure_devops.bootstrapping.comparing import merged
from modelyard.delivery.azure_devops.bootstrapping.desk import PIPELINE, REPOSITORY, Desk, Json
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing
from modelyard.delivery.azure_devops.bootstrapping.uses import Entry

REVIEWERS, COMMENTS = "fa4e907d-c16b-4a4c-9dfa-4906e5d171dd", "c6a1889d-b943-4856-b76f-9e46bb6b0df2"
MERGES = "fa4e907d-c16b-4a4c-9dfa-4916e5d171ab"
ONE_COMMIT = {"allowSquash": True, "allowNoFastForward": True, "allowRebase": False, "allowRebaseMerge": False}
VALIDATION = "0609b952-1397-4640-95ec-e00a01b2c241"
VALID_MINUTES = 12 * 60
"""A green run counts half a day; main may have moved on after that."""


def policy_things(desk: Desk) -> Iterator[Thing]:
    """What a pull request has to pass before it reaches the protected branch."""
    votes = {
        "minimumApproverCount": desk.wishes.reviewers,
        "creatorVoteCounts": False,
        "allowDownvotes": False,
        "blockLastPusherVote": True,
        "resetOnSourcePush": True,
        "resetRejectionsOnSourcePush": False,
    }
    yield _policy(desk, "minimum reviewers", REVIEWERS, "nobody approves their own change; a push asks again", votes)
    yield _policy(desk, "comment resolution", COMMENTS, "no open question is merged", {})
    yield _policy(
        desk, "merge types", MERGES, "a merge is one commit on main, compared with the one before", ONE_COMMIT
    )
    for entry in desk.wishes.entries:
        if entry.for_pull_requests:
            yield _validation(desk, entry)


def _policy(desk: Desk, title: str, kind: str, why: str, settings: Json | Callable[[], Json]) -> Thing:
    def wanted() -> Json:
        scope = {"repositoryId": desk.repository_id, "refName": desk.wishes.branch, "matchKind": "exact"}
        own = settings() if callable(settings) else settings
        return {"isEnabled": True, "isBlocking": True, "type": {"id": kind}, "settings": {**own, "scope": [scope]}}

    return Thing(
        kind="branch policy",
        name=title,
        why=why,
        find=lambda: _policy_found(desk, kind, wanted()),
        wanted=wanted,
        make=lambda body: desk.service.write("POST", "policy/configurations", body),
        change=lambda found, body: desk.service.write(
            "PUT", f"policy/configurations/{found['id']}", merged(found, body)
        ),
        needs=((REPOSITORY, desk.wishes.repository),),
    )


def _validation(desk: Desk, entry: Entry) -> Thing:
    """Azure Repos does not read `pr:` in a file: without this policy no pull request would ever be checked."""

    def settings() -> Json:
        return {
            "buildDefinitionId": int(desk.id(PIPELINE, entry.name)),
            "displayName": entry.name,
            "manualQueueOnly": False,
            "queueOnSourceUpdateOnly": True,
            "validDuration": VALID_MINUTES,
        }

    made = _policy(desk, f"build validation {entry.name}", VALIDATION, "Azure Repos ignores `pr:` in YAML", settings)
    return replace(made, needs=(*made.needs, (PIPELINE, entry.name)))


def _policy_found(desk: Desk, kind: str, wanted: Json) -> Json | None:
    """The policy of this kind on this branch; of build validations the one that runs this pipeline."""
    scope = wanted["settings"]["scope"][0]
    pipeline = wanted["settings"].get("buildDefinitionId")
    for one in desk.service.every("policy/configurations", policyType=kind):
        settings = one.get("settings") or {}
        here = any(
            str(other.get("repositoryId")).lower() == scope["repositoryId"].lower()
            and other.get("refName") == scope["refName"]
            for other in settings.get("scope") or ()
        )
        if here and not one.get("isDeleted") and settings.get("buildDefinitionId") == pipeline:
            return one
    return None
