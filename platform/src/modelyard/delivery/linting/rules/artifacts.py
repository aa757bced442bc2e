"""Artifacts: what is downloaded was published."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.delivery.expressions.texts import MACRO
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run
from modelyard.delivery.linting.scripts import task_name
from modelyard.delivery.linting.study import Run, Study
from modelyard.delivery.pipeline import Step

PUBLISHING = frozenset({"publishpipelineartifact", "publishbuildartifacts"})
NAMES = ("artifact", "artifactName")


def _name_in(step: Step) -> str:
    return next((str(step.inputs[key]) for key in NAMES if step.inputs.get(key)), "")


def _published(step: Step) -> str | None:
    """What a step publishes; a task without a name publishes `drop`."""
    if step.kind == "publish":
        return _name_in(step)
    return (_name_in(step) or "drop") if task_name(step) in PUBLISHING else None


def _asked(step: Step) -> str:
    """What a step downloads from this run; empty for everything, for patterns and for other runs."""
    if step.kind == "download":
        return _name_in(step) if step.does == "current" else ""
    of_this_run = str(step.inputs.get("buildType", step.inputs.get("source", "current"))) == "current"
    return _name_in(step) if task_name(step) == "downloadpipelineartifact" and of_this_run else ""


def missing(run: Run, study: Study) -> Iterator[Problem]:
    """Downloads of artifacts that no step publishes."""
    published = [name for _, _, step in run.steps if (name := _published(step)) is not None]
    patterns = [re.compile(".*".join(map(re.escape, MACRO.split(name)[::2]))) for name in published]
    for _, _, step in run.steps:
        name = _asked(step)
        if name and "$" not in name and not any(pattern.fullmatch(name) for pattern in patterns):
            shown = ", ".join(sorted(set(published))) or "nothing"
            place = study.at(step.place, next(key for key in NAMES if step.inputs.get(key)))
            yield Problem(place, f"nothing in this pipeline publishes the artifact `{name}`", f"published: {shown}")


RULES = (
    Rule(
        id="artifact-published",
        kind="house",
        what="Artifacts that a step downloads from its own run are published in it.",
        why="The step would fail, and only when it is reached. Uploads out of a script are not seen here.",
        check=each_run(missing),
    ),
)
