"""A pipeline after its templates were expanded: what Azure Pipelines would run, typed.

Runtime expressions (`$[ ]`), macros (`$( )`) and conditions are still text: they are worked out when a stage, a job or
a step begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from modelyard.delivery.places import Place

StepKind = Literal["script", "task", "checkout", "download", "publish"]
"""`bash`, `pwsh` and `powershell` are scripts with a shell of their own."""
Shell = Literal["default", "bash", "pwsh", "powershell"]
HOOKS = ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic", "failure", "success")
"""What a deployment job does, in this order; `failure` or `success` comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a pipeline, a stage or a job; or a group of them, which the service holds."""

    name: str
    """Of the variable, or of the group."""
    value: str
    """Empty for a group."""
    place: Place
    group: bool = False
    readonly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a job."""

    kind: StepKind
    does: str
    """A script's text, a task's name with its version (`Cache@2`), a repository, or an artifact."""
    place: Place
    name: str = ""
    """What output variables and conditions call it; empty without one."""
    title: str = ""
    """Its displayName."""
    shell: Shell = "default"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """A task's inputs; of checkout, download and publish every other key."""
    env: Mapping[str, str] = field(default_factory=dict)
    condition: str | None = None
    enabled: str = "true"
    continue_on_error: str = "false"
    timeout_minutes: float | None = None
    retries: int = 0
    working_directory: str | None = None

    @property
    def label(self) -> str:
        """What people read."""
        return self.title or self.name or self.does.strip().splitlines()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How often a job runs."""

    matrix: Mapping[str, Mapping[str, str]] | str | None = None
    """Variables by the name of each run, or a runtime expression (`$[ ... ]`) that gives them as JSON."""
    parallel: int | None = None
    max_parallel: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One part of a deployment job. Each runs on an agent of its own, so nothing but artifacts goes across."""

    name: str
    """One of HOOKS."""
    steps: tuple[Step, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Steps on one agent; or a deployment to an environment, whose checks come first."""

    name: str
    place: Place
    kind: Literal["job", "deployment"] = "job"
    title: str = ""
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    variables: tuple[Variable, ...] = ()
    pool: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    """Empty for a deployment."""
    strategy: Strategy = field(default_factory=Strategy)
    environment: str | None = None
    """Of a deployment; the part before the first dot if it names a resource."""
    rollout: str | None = None
    """A deployment's strategy: runOnce, rolling or canary."""
    hooks: tuple[Hook, ...] = ()
    timeout_minutes: float | None = None
    cancel_timeout_minutes: float | None = None
    continue_on_error: str = "false"
    clean: str | None = None
    """workspace.clean"""

    @property
    def all_steps(self) -> Iterator[Step]:
        """The steps of the job and of every hook."""
        yield from self.steps
        for hook in self.hooks:
            yield from hook.steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Jobs that belong together. Without dependsOn a stage depends on the one before it; `dependsOn: []` on none."""

    name: str
    """`__default` where a pipeline has no stages."""
    place: Place
    title: str = ""
    depends_on: tuple[str, ...] = ()
    """Resolved: the default is filled in."""
    condition: str | None = None
    variables: tuple[Variable, ...] = ()
    pool: Mapping[str, Any] = field(default_factory=dict)
    jobs: tuple[Job, ...] = ()
    lock_behavior: str | None = None
    manual: bool = False
    """`trigger: manual`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What one entry file becomes."""

    file: str
    """The entry file, from the root of the repository."""
    place: Place
    name: str = ""
    """The format of run numbers."""
    trigger: Any = None
    """As written: none, a list of branches, or the whole form. None where the file does not say."""
    pr: Any = None
    schedules: tuple[Mapping[str, Any], ...] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()
    pool: Mapping[str, Any] = field(default_factory=dict)
    lock_behavior: str | None = None
    stages: tuple[Stage, ...] = ()
    templates: tuple[str, ...] = ()
    """Every template file that went in, from the root of the repository."""
    extends: str | None = None
    """The template that the entry file extends, if it does."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """The final YAML as plain values."""

    @property
    def jobs(self) -> Iterator[tuple[Stage, Job]]:
        """Every job, with its stage."""
        for stage in self.stages:
            for job in stage.jobs:
                yield stage, job
