"""Deployments: where they may happen, and what each of their parts begins with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelyard.delivery.expressions.texts import MACRO
from modelyard.delivery.linting.outcomes import truths
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import script_of
from modelyard.delivery.linting.study import Repository, Run, Study
from modelyard.delivery.linting.works import (
    AZURE_ENVIRONMENTS,
    CHANGES,
    LOCAL,
    Site,
    commands_of,
    does,
    environment_of,
    sites,
    target_of,
)
from modelyard.delivery.pipeline import Hook, Job, Step
from modelyard.delivery.places import Place

SET_UP = ("make setup", "make setup-dev")


def _runs_ours(step: Step, repository: Repository) -> bool:
    return any(words[0] in {"make", *repository.programs} for words in commands_of(step))


def _parts(job: Job) -> Iterator[tuple[str, tuple[Step, ...], Job | Hook]]:
    if job.steps:
        yield f"job `{job.name}`", job.steps, job
    for hook in job.hooks:
        yield f"part {hook.name} of `{job.name}`", hook.steps, hook


def unprepared(run: Run, study: Study) -> Iterator[Problem]:
    """Parts that run our commands without a checkout and a setup before."""
    for _, job in run.pipeline.jobs:
        for what, steps, owner in _parts(job):
            needs = next((n for n, step in enumerate(steps) if _runs_ours(step, study.repository)), None)
            if needs is None:
                continue
            before = steps[:needs]
            if not any(step.kind == "checkout" and step.does.lower() != "none" for step in before):
                message = f"{what} runs `{steps[needs].label}` without a checkout step before it"
                place = study.at(owner.place, "steps") if owner.place.file == steps[needs].place.file else owner.place
                yield Problem(place, message, "begin with the setup template; deployments check out nothing themselves")
            elif not any(_is_setup(step) for step in steps[: needs + 1]):
                message = f"{what} runs `{steps[needs].label}` before anything is set up"
                yield Problem(steps[needs].place, message, f"begin with {SET_UP[1]}")


def _is_setup(step: Step) -> bool:
    return any(" ".join(words[:2]) in SET_UP for words in commands_of(step))


def kept_credentials(run: Run, study: Study) -> Iterator[Problem]:
    """Checkouts that leave a token behind."""
    for _, _, step in run.steps:
        if step.kind == "checkout" and str(step.inputs.get("persistCredentials", "false")).lower() != "false":
            place = study.at(step.place, "persistCredentials")
            yield Problem(place, "persistCredentials leaves the run's token for every later step", "set it to false")


STARTS_A_YARD = ("modelyard", "infra", "up", LOCAL)
"""Brings this machine's services up and releases nothing, so any job may begin with it."""


def misplaced(run: Run, study: Study) -> Iterator[Problem]:
    """Commands that change an environment outside of a deployment."""
    for site in sites(run.pipeline):
        for words in _changing(site.step):
            if site.job.kind != "deployment" and (run.stand_in or target_of(words) != LOCAL):
                message = f"`{' '.join(words[:3])}` changes an environment, and job `{site.job.name}` is no deployment"
                hint = "make it a deployment job in a named environment, whose checks then hold"
                yield Problem(_script_place(site, study, words), message, hint)


def _changing(step: Step) -> list[tuple[str, ...]]:
    changing = [words for words in commands_of(step) if any(doing.is_in(words) for doing in CHANGES)]
    return [words for words in changing if tuple(words) != STARTS_A_YARD]


def _script_place(site: Site, study: Study, words: Sequence[str]) -> Place:
    script = script_of(site.step)
    return study.at(site.step.place, script.key, about=words[0]) if script else site.step.place


def unnamed(run: Run, study: Study) -> Iterator[Problem]:
    """Deployments to an environment that is not known before the run."""
    for _, job in run.pipeline.jobs:
        if job.kind == "deployment":
            name = (job.environment or "").strip()
            if not name or MACRO.search(name) or name.startswith("$["):
                message = f"deployment `{job.name}` names no environment" + (f" but `{name}`" if name else "")
                yield Problem(
                    study.at(job.place, "environment"), message, "name it, so that its checks are asked first"
                )


def mistaken(run: Run, study: Study) -> Iterator[Problem]:
    """Commands about another environment than the one that was asked for permission."""
    for site in sites(run.pipeline):
        allowed = environment_of(site.job)
        for words in commands_of(site.step) if site.job.kind == "deployment" else []:
            target = target_of(words)
            if target in AZURE_ENVIRONMENTS and target != allowed:
                message = f"`{' '.join(words[:3])}` is about {target}, but the deployment is to {allowed}"
                yield Problem(_script_place(site, study, words), message, f"deploy to {target}")


def stubborn(run: Run, study: Study) -> Iterator[Problem]:
    """Deploys that run after a failure."""
    for site in sites(run.pipeline):
        if not does(site.step, CHANGES) or site.hook == "failure":
            continue
        for owner, place in ((site.step, site.step.place), (site.job, site.job.place), (site.stage, site.stage.place)):
            failed = truths(owner.condition, before={"before": frozenset({"Failed"})})
            if True in failed:
                message = f"a deploy runs after a failure: condition {owner.condition}"
                yield Problem(
                    study.at(place, "condition"), message, "take the condition out, or begin it with succeeded()"
                )


RULES = (
    Rule(
        id="prepared",
        kind="house",
        what="Every job, and every part of a deployment, that runs our commands begins with checkout and setup.",
        why="Each part runs on an agent of its own, and deployments check out nothing.",
        check=each_run(unprepared),
    ),
    Rule(
        id="no-credentials-kept",
        kind="house",
        what="No checkout keeps the run's token (persistCredentials).",
        why="Every later step, and every tool in it, could push with it.",
        check=each_run(kept_credentials),
    ),
    Rule(
        id="changes-in-deployments",
        kind="house",
        what="Commands that change an environment run in deployment jobs only.",
        why="Approvals and other checks are asked for environments, and only by deployment jobs.",
        check=each_run(misplaced),
    ),
    Rule(
        id="environment-named",
        kind="house",
        what="Deployment jobs name their environment, not a variable.",
        why="What is permitted must be known before the run.",
        check=each_run(unnamed),
    ),
    Rule(
        id="environment-agrees",
        kind="house",
        what="A deployment's commands are about the environment that it deploys to.",
        why="Otherwise the checks of dev would let something into prod.",
        check=each_run(mistaken),
    ),
    Rule(
        id="no-deploy-after-failure",
        kind="house",
        what="No deploy has a condition that holds after a failure (always(), failed(), succeededOrFailed()).",
        why="What did not pass would be deployed.",
        check=each_run(stubborn),
    ),
)
