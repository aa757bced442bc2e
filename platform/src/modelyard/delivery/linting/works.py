"""What a pipeline does, told by the commands of its steps: one table, which rules and gates name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from modelyard.delivery.linting.scripts import pieces_of, script_of
from modelyard.delivery.pipeline import Job, Pipeline, Stage, Step

AZURE_ENVIRONMENTS = ("dev", "test", "prod")
LOCAL = "local"
INFRASTRUCTURE = "-infra"
"""What the name of an environment for infrastructure ends with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """A command: the words that it begins with, and options that make it mean this and nothing else."""

    words: tuple[str, ...]
    having: str = ""
    lacking: str = ""

    def is_in(self, words: Sequence[str]) -> bool:
        """Whether a command line is this one."""
        begins = tuple(words[: len(self.words)]) == self.words
        return begins and (not self.having or self.having in words) and not (self.lacking and self.lacking in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One thing that pipelines do."""

    says: str
    """For messages: `the deploy to prod`."""
    doings: tuple[Doing, ...] = ()
    """Any of them does it. None at all: the deployment job itself, which waits for its environment's checks."""
    environments: frozenset[str] = frozenset()
    """What it is about: the deployment job's environment, or the one that the command names; empty for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One step that does a piece of work."""

    stage: Stage
    job: Job
    step: Step
    order: int
    """Among the steps of its job."""
    hook: str = ""
    """Of a deployment."""
    whole: bool = False
    """The job itself, with what its environment asks for before it begins; the step is only its first."""


def _runs(*commands: str) -> tuple[Doing, ...]:
    return tuple(Doing(words=tuple(command.split())) for command in commands)


_RELEASES = Doing(words=("modelyard", "infra", "up"), having="--releases", lacking="--back")
_IMPORTS = _runs("modelyard release import")
DEPLOYS = (
    _RELEASES,
    *_runs("modelyard release deploy", "modelyard release canary", "modelyard release finish", "modelyard release ab"),
)
"""Commands that put a version of a model before callers."""
WORKS: Mapping[str, Work] = {
    "style": Work(says="`make lint`", doings=_runs("make lint", "make test")),
    "types": Work(says="`make type`", doings=_runs("make type", "make test")),
    "tests": Work(says="`make unit`", doings=_runs("make unit", "make test")),
    "loop": Work(says="`make e2e`", doings=_runs("make e2e", "make test")),
    "comparison": Work(
        says="`modelyard model compare --gate`",
        doings=(Doing(words=("modelyard", "model", "compare"), having="--gate"),),
    ),
    "approval": Work(says="the approval of environment `promotion`", environments=frozenset({"promotion"})),
    "promotion": Work(says="`modelyard model promote`", doings=_runs("modelyard model promote")),
    "ledger": Work(says="`modelyard model verify`", doings=_runs("modelyard model verify")),
    "suite": Work(says="the API suite (`modelyard release test`)", doings=_runs("modelyard release test")),
    "scan": Work(says="`modelyard release scan`", doings=_runs("modelyard release scan")),
    **{
        f"images-{name}": Work(
            says=f"`modelyard release import` for {name}", doings=_IMPORTS, environments=frozenset({name})
        )
        for name in AZURE_ENVIRONMENTS
    },
    "deploy-dev": Work(says="the deploy to dev", doings=DEPLOYS, environments=frozenset({"dev"})),
    "deploy-test": Work(says="the deploy to test", doings=DEPLOYS, environments=frozenset({"test"})),
    "deploy-prod": Work(says="the deploy to prod", doings=DEPLOYS, environments=frozenset({"prod"})),
    "provision": Work(
        says="`modelyard infra up`", doings=_runs("modelyard infra up"), environments=frozenset(AZURE_ENVIRONMENTS)
    ),
    "rollback": Work(says="`modelyard model rollback`", doings=_runs("modelyard model rollback")),
}
CHANGES = (
    *_runs("modelyard infra up", "modelyard infra down", "modelyard release deploy", "modelyard release canary"),
    *_runs("modelyard release finish", "modelyard release ab", "modelyard release shadow", "modelyard release abort"),
    *_runs("modelyard release back"),
)
"""Commands that change an environment."""
TESTS = _runs("make unit", "make e2e", "make test")
"""Commands that leave test results."""
MEASURED = _runs("make unit", "make test")
"""Those whose tests run the code in this process, so that coverage says something."""


def commands_of(step: Step) -> tuple[tuple[str, ...], ...]:
    """Every command of a step as words; a program's folder is left out."""
    script = script_of(step)
    return _commands(script.text) if script else ()


@lru_cache(maxsize=2048)
def _commands(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple((words[0].removeprefix(".venv/bin/"), *words[1:]) for words in pieces_of(text))


def does(step: Step, doings: Sequence[Doing]) -> bool:
    """Whether a step does one of these things."""
    return any(doing.is_in(words) for words in commands_of(step) for doing in doings)


def sites(pipeline: Pipeline) -> Iterator[Site]:
    """Every step, with where it is."""
    for stage, job in pipeline.jobs:
        hooks = [("", job.steps), *((hook.name, hook.steps) for hook in job.hooks)]
        places = [(hook, step) for hook, steps in hooks for step in steps]
        for order, (hook, step) in enumerate(places):
            yield Site(stage=stage, job=job, step=step, order=order, hook=hook)


def works_in(pipeline: Pipeline) -> dict[str, list[Site]]:
    """Where a pipeline does each of WORKS."""
    every = list(sites(pipeline))
    return {name: _sites_of(work, every) for name, work in WORKS.items()}


def target_of(words: Sequence[str]) -> str:
    """Which environment a command is about; empty if it does not say."""
    for number, word in enumerate(words[:-1]):
        if word == "--env":
            return words[number + 1]
    named = [word for word in words[3:4] if not word.startswith("-")]
    return named[0] if "infra" in words[1:2] and named else ""


def environment_of(job: Job) -> str:
    """The environment that a deployment is about; its infrastructure has checks of its own."""
    return (job.environment or "").strip().removesuffix(INFRASTRUCTURE)


def _sites_of(work: Work, every: Sequence[Site]) -> list[Site]:
    if work.doings:
        return [site for site in every if any(_is(work, words, site.job) for words in commands_of(site.step))]
    first = (site for site in every if site.order == 0 and site.job.kind == "deployment")
    return [replace(site, whole=True) for site in first if site.job.environment in work.environments]


def _is(work: Work, words: Sequence[str], job: Job) -> bool:
    about = {environment_of(job), target_of(words)} - {LOCAL}
    named = not work.environments or bool(work.environments & about)
    return named and any(doing.is_in(words) for doing in work.doings)
