"""The variables that the service gives to every run, stage and job."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.delivery.pipeline import Job, Pipeline, Stage
from modelyard.delivery.rehearsing.agent.checkouts import Commit
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.recording.records import RunRecord

REPOSITORY_ID = "00000000-0000-0000-0000-000000000001"
PROJECT_ID = "00000000-0000-0000-0000-000000000002"
PULL_REQUEST = "1"
MAIN = "refs/heads/main"
SYSTEMS = {"Darwin": "Darwin", "Linux": "Linux"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the service that is played here calls itself and its caller."""

    project: str
    address: str
    """Of the service's REST interface, with a slash at its end."""
    token: str
    """System.AccessToken."""
    person: str
    """Who began the run."""


def reason_of(pipeline: Pipeline) -> str:
    """Why the service would have begun a run: for a pull request, on a schedule, for a commit, or by hand."""
    starts_on_commits = pipeline.trigger not in (None, "none", [])
    if pipeline.pr not in (None, "none", []) and not starts_on_commits:
        return "PullRequest"
    if pipeline.schedules and not starts_on_commits:
        return "Schedule"
    return "IndividualCI" if starts_on_commits else "Manual"


def predefined(pipeline: Pipeline, record: RunRecord, *, commit: Commit, identity: Identity) -> dict[str, str]:
    """The variables of a run; what the caller set comes last."""
    given = record.variables
    named = {name.lower(): value for name, value in given.items()}
    reason = named.get("build.reason", reason_of(pipeline))
    branch = f"refs/heads/{commit.branch or 'detached'}"
    found = {
        "Agent.MachineName": platform.node() or "localhost",
        "Agent.Name": "rehearsal",
        "Agent.OS": SYSTEMS.get(platform.system(), platform.system()),
        "Agent.OSArchitecture": "ARM64" if platform.machine() in {"arm64", "aarch64"} else "X64",
        "Build.BuildId": str(record.number),
        "Build.BuildNumber": f"rehearsal.{record.number}",
        "Build.DefinitionName": pipeline.file,
        "Build.Reason": reason,
        "Build.Repository.ID": REPOSITORY_ID,
        "Build.Repository.Name": identity.project,
        "Build.Repository.Provider": "TfsGit",
        "Build.Repository.Uri": f"{identity.address}{identity.project}/_git/{identity.project}",
        "Build.RequestedFor": identity.person,
        "Build.RequestedForEmail": "",
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rpartition("/")[2],
        "Build.SourceVersion": commit.digest,
        "Build.SourceVersionMessage": commit.message,
        "System.CollectionUri": identity.address,
        "System.Culture": "en-US",
        "System.DefinitionId": "1",
        "System.HostType": "build",
        "System.JobAttempt": str(record.attempt),
        "System.StageAttempt": str(record.attempt),
        "System.TeamFoundationCollectionUri": identity.address,
        "System.TeamProject": identity.project,
        "System.TeamProjectId": PROJECT_ID,
    }
    if reason == "PullRequest":
        found |= _pull_request(branch)
    return {**found, **_spelled(given, found)}


def compile_time(record: RunRecord, commit: Commit) -> dict[str, str]:
    """What templates may ask for before anything runs."""
    branch = f"refs/heads/{commit.branch or 'detached'}"
    found = {
        "Build.Reason": "Manual",
        "Build.Repository.Provider": "TfsGit",
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rpartition("/")[2],
        "Build.SourceVersion": commit.digest,
        "System.DefinitionId": "1",
        "System.HostType": "build",
    }
    return {**found, **_spelled(record.variables, found)}


def in_stage(stage: Stage) -> dict[str, str]:
    """The variables of a stage."""
    return {"System.StageName": stage.name, "System.StageDisplayName": stage.title or stage.name}


def in_job(job: Job, *, matrix: str) -> dict[str, str]:
    """The variables of a job."""
    found = {
        "Agent.JobName": " ".join(filter(None, (job.title or job.name, matrix))),
        "System.JobDisplayName": job.title or job.name,
        "System.JobId": job.name,
        "System.JobName": job.name,
        "System.PhaseName": job.name,
    }
    return found | ({"Environment.Name": job.environment} if job.environment else {})


def set_predefined(variables: Variables, found: Mapping[str, str]) -> None:
    """Sets them so that no step can change them."""
    for name, value in found.items():
        variables.replace(name, value)


def _pull_request(branch: str) -> dict[str, str]:
    return {
        "Build.SourceBranch": f"refs/pull/{PULL_REQUEST}/merge",
        "Build.SourceBranchName": "merge",
        "System.PullRequest.PullRequestId": PULL_REQUEST,
        "System.PullRequest.PullRequestNumber": PULL_REQUEST,
        "System.PullRequest.SourceBranch": branch,
        "System.PullRequest.SourceBranchName": branch.rpartition("/")[2],
        "System.PullRequest.TargetBranch": MAIN,
        "System.PullRequest.TargetBranchName": "main",
    }


def _spelled(given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """What the caller set, in the service's spelling where there is one."""
    spelling = {name.lower(): name for name in known}
    return {spelling.get(name.lower(), name): value for name, value in given.items()}
