"""Who agreed that this run goes on, and why: for the ledger.

Source: REST reference, "Approvals and Checks - Approvals - Query" and "Build - Timeline - Get" 7.1. In a run's timeline
an approval stands below the checkpoint of the stage that waited for it, and the record's id is the approval's id; the
reference does not say so, several public clients rely on it. GitHub Docs, "Workflow runs: get the review history".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from modelyard.delivery.azure_devops.rest.addresses import part
from modelyard.delivery.azure_devops.rest.client import DevOps
from modelyard.delivery.azure_devops.rest.github import GitHub
from modelyard.delivery.azure_devops.telling import harmless
from modelyard.errors import PromotionRefusedError

Json = Any
APPROVED = "approved"
NO_COMMENT = "approved without a comment"


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval that was given."""

    environment: str
    by: str
    """Everybody who approved, in the order in which they did."""
    reason: str
    """What they said."""

    def to_json(self) -> dict[str, str]:
        """The approval for machines."""
        return {"environment": self.environment, "by": self.by, "reason": self.reason}


def approved_on_azure(service: DevOps, environment: str, *, build: str, stage: str) -> Approved:
    """Who let the stage begin that deploys to an environment.

    Args:
        service: the project.
        environment: what was approved, for messages and for the ledger.
        build: id of the run.
        stage: the stage's name in YAML; what it waited for are the checks of everything that it uses.

    Raises:
        PromotionRefusedError: nobody did, or not everybody who has to.
    """
    records = service.get(f"build/builds/{part(build)}/timeline")["records"]
    ids = list(_approvals_of(records, stage))
    if not ids:
        raise _nobody(environment, f"stage {stage} of run {build} waited for no approval")
    found = list(service.every("pipelines/approvals", approvalIds=",".join(ids), _expand="steps"))
    if {str(one["id"]).lower() for one in found} != {identity.lower() for identity in ids}:
        raise _nobody(environment, f"{len(ids)} approvals of stage {stage} were asked for, {len(found)} can be seen")
    open_ones = sorted({str(one.get("status")) for one in found if one.get("status") != APPROVED})
    if open_ones:
        raise _nobody(environment, f"an approval of stage {stage} is {', '.join(open_ones)}")
    return _told(environment, [_step(step) for one in found for step in _given(one)])


def approved_on_github(service: GitHub, environment: str, *, run: str) -> Approved:
    """Who approved the environment in a run of GitHub Actions.

    Raises:
        PromotionRefusedError: nobody did, or the last answer was a no.
    """
    reviews = [
        one
        for one in service.get(f"actions/runs/{part(run)}/approvals")
        if environment in {place.get("name") for place in one.get("environments") or ()}
    ]
    given = [one for one in reviews if one.get("state") == APPROVED]
    if not given or any(one.get("state") == "rejected" for one in reviews):
        raise _nobody(
            environment, f"run {run} has {len(given)} approvals and {len(reviews) - len(given)} other answers"
        )
    return _told(environment, [(str(one["user"]["login"]), str(one.get("comment") or "")) for one in given])


def _approvals_of(records: Iterable[Json], stage: str) -> Iterator[str]:
    """Ids of the approvals below the checkpoint of a stage."""
    known = list(records)
    stages = {one["id"] for one in known if one["type"] == "Stage" and _is_called(one, stage)}
    points = {one["id"] for one in known if one["type"] == "Checkpoint" and one.get("parentId") in stages}
    for one in known:
        if one["type"] == "Checkpoint.Approval" and one.get("parentId") in points:
            yield str(one["id"])


def _is_called(record: Json, stage: str) -> bool:
    return str(record.get("identifier") or record.get("name") or "").lower() == stage.lower()


def _given(approval: Json) -> list[Json]:
    """The steps that somebody approved, oldest first."""
    steps = [one for one in approval.get("steps") or () if one.get("status") == APPROVED and one.get("actualApprover")]
    return sorted(steps, key=lambda one: str(one.get("lastModifiedOn") or ""))


def _step(step: Json) -> tuple[str, str]:
    who = step["actualApprover"]
    name, address = str(who.get("displayName") or ""), str(who.get("uniqueName") or who.get("id") or "")
    return (f"{name} <{address}>" if name and address else name or address), str(step.get("comment") or "")


def _told(environment: str, given: list[tuple[str, str]]) -> Approved:
    if not given:
        raise _nobody(environment, "no step of its approvals names anybody")
    people = list(dict.fromkeys(harmless(who) for who, _ in given))
    said = [(harmless(who), harmless(comment)) for who, comment in given if comment.strip()]
    reasons = [said[0][1]] if len(said) == 1 else [f"{who}: {comment}" for who, comment in said]
    return Approved(environment, ", ".join(people), "; ".join(reasons) or NO_COMMENT)


def _nobody(environment: str, why: str) -> PromotionRefusedError:
    return PromotionRefusedError(
        f"nobody approved {environment}: {why}",
        hint="give the environment an approval (modelyard ci bootstrap --check), then run the stage again",
    )
