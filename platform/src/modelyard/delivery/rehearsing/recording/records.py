"""What is known of a rehearsal: its stages, jobs and steps, what they put out, who approved. Plain values, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Result = Literal["Succeeded", "SucceededWithIssues", "Skipped", "Failed", "Canceled"]
State = Result | Literal["Pending", "Running", "Waiting"]
"""`Waiting` is for an approval that nobody has given yet."""
GOOD: tuple[State, ...] = ("Succeeded", "SucceededWithIssues")
BAD: tuple[State, ...] = ("Failed", "Canceled", "Waiting")


@dataclass(slots=True, kw_only=True)
class StepRecord:
    """One step of one job."""

    number: int
    label: str
    place: str
    name: str = ""
    hook: str = ""
    result: State = "Pending"
    reason: str = ""
    """Why it was skipped or failed."""
    exit_code: int | None = None
    seconds: float = 0.0
    attempts: int = 0
    log: str = ""
    """From the folder of the run."""
    drill: bool = False
    issues: list[str] = field(default_factory=list)
    """Warnings and errors that it logged with `##vso[task.logissue]`."""


@dataclass(slots=True, kw_only=True)
class JobRecord:
    """One job, or one job of a matrix."""

    key: str
    """Unique in its stage: the job's name, and the name in the matrix after a dot."""
    job: str
    place: str
    environment: str = ""
    result: State = "Pending"
    reason: str = ""
    seconds: float = 0.0
    steps: list[StepRecord] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    """By `step.variable`."""
    secret_outputs: list[str] = field(default_factory=list)
    """Names only: a secret is never kept."""

    @property
    def matrix(self) -> str:
        """The name in the matrix, or nothing."""
        return self.key.partition(".")[2]


@dataclass(slots=True, kw_only=True)
class StageRecord:
    """One stage."""

    name: str
    place: str
    result: State = "Pending"
    reason: str = ""
    seconds: float = 0.0
    jobs: list[JobRecord] = field(default_factory=list)

    def of(self, job: str) -> list[JobRecord]:
        """The runs of one job."""
        return [record for record in self.jobs if record.job == job]


@dataclass(slots=True, kw_only=True)
class RunRecord:
    """A rehearsal."""

    number: int
    file: str
    commit: str
    branch: str
    begun_at: str
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    """What the caller set for predefined variables."""
    environment: str = ""
    """What stands in for Azure: `local`, or nothing."""
    result: State = "Pending"
    reason: str = ""
    seconds: float = 0.0
    attempt: int = 1
    """How often it was begun: 1, and one more for each rerun."""
    drill: str = ""
    stages: list[StageRecord] = field(default_factory=list)
    approvals: list[dict[str, str]] = field(default_factory=list)
    artifacts: dict[str, str] = field(default_factory=dict)
    """By name, the stage and job that published it."""
    tests: list[dict[str, Any]] = field(default_factory=list)
    coverage: list[dict[str, Any]] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    process: dict[str, str] = field(default_factory=dict)
    """The step that runs just now: the leader of its process group, and when that began."""

    def stage(self, name: str) -> StageRecord | None:
        """The stage of this name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def steps(self) -> Iterator[tuple[StageRecord, JobRecord, StepRecord]]:
        """Every step with its job and stage."""
        for stage in self.stages:
            for job in stage.jobs:
                for step in job.steps:
                    yield stage, job, step

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> RunRecord:
        """The record that `to_json` wrote."""
        return cls(**{**document, "stages": [_stage(one) for one in document["stages"]]})


def _stage(document: Mapping[str, Any]) -> StageRecord:
    return StageRecord(**{**document, "jobs": [_job(one) for one in document["jobs"]]})


def _job(document: Mapping[str, Any]) -> JobRecord:
    return JobRecord(**{**document, "steps": [StepRecord(**one) for one in document["steps"]]})


def joined(results: list[State]) -> State:
    """What several results are together: the worst of them; skipped only if all were."""
    for worst in ("Waiting", "Failed", "Canceled", "Running", "Pending", "SucceededWithIssues", "Succeeded"):
        if worst in results:
            return worst
    return "Skipped"
