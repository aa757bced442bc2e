"""Entry files: thin, governed, and started when they say."""

from __future__ import annotations

from collections.abc import Iterator

from modelyard.delivery.expanding.nodes import Node
from modelyard.delivery.linting.cron import wrong_in
from modelyard.delivery.linting.problem import Problem
from modelyard.delivery.linting.rule import Rule, each_run, each_source
from modelyard.delivery.linting.sources import Source, entry_of, items_of, text_of
from modelyard.delivery.linting.study import Run, Study

GOVERNED = "pipelines/azure/governed.yml"
THIN = (
    *("name", "appendCommitMessageToRunName", "trigger", "pr", "schedules", "resources", "parameters", "variables"),
    *("pool", "extends", "lockBehavior"),
)


def thick(source: Source, study: Study) -> Iterator[Problem]:
    """Entry files that do something themselves."""
    del study
    for key, _ in source.top.entries if source.entry else ():
        if key.text not in THIN:
            message = f"`{key.text}` stands in an entry file"
            yield Problem(key.place, message, f"move it into a template; here are allowed: {', '.join(sorted(THIN))}")


def ungoverned(run: Run, study: Study) -> Iterator[Problem]:
    """Entry files that go around the governed template."""
    if run.pipeline.extends != GOVERNED:
        found = f"extends `{run.pipeline.extends}`" if run.pipeline.extends else "extends no template"
        place = study.sources[run.pipeline.file].place if run.pipeline.file in study.sources else run.pipeline.place
        message = f"this pipeline {found}, but environments accept only {GOVERNED}"
        yield Problem(study.at(place, "extends"), message, f"extend {GOVERNED}")


def wrong_schedule(source: Source, study: Study) -> Iterator[Problem]:
    """Schedules that are none."""
    del study
    for item in _schedules(source):
        found = entry_of(item, "cron")
        wrong = wrong_in(text_of(found[1])) if found else ""
        if found and wrong:
            hint = "write minute, hour, day of month, month, day of week, in UTC"
            yield Problem(found[0].place, f"cron `{text_of(found[1])}`: {wrong}", hint)


def vague_schedule(source: Source, study: Study) -> Iterator[Problem]:
    """Schedules that do not say whether they run without a change."""
    del study
    for item in _schedules(source):
        if entry_of(item, "cron") and entry_of(item, "always") is None:
            message = "the schedule does not say `always`, so it runs only after a change of the code"
            yield Problem(item.place, message, "add always: true, or false if that is meant")


def _schedules(source: Source) -> tuple[Node, ...]:
    found = entry_of(source.top, "schedules")
    return items_of(found[1]) if found else ()


def ignored(source: Source, study: Study) -> Iterator[Problem]:
    """`pr:`, which Azure Repos does not read."""
    del study
    found = entry_of(source.top, "pr") if source.entry else None
    if found and text_of(found[1]) != "none" and "Azure Repos" not in source.text:
        message = "Azure Repos ignores `pr:`; there a branch policy starts the pipeline"
        yield Problem(found[0].place, message, "`modelyard ci bootstrap` sets the policy up; say so in a comment")


RULES = (
    Rule(
        id="thin-entry",
        kind="house",
        what="Entry files hold triggers, parameters and extends, and nothing that runs.",
        why="What runs stands in the governed template, where environments can demand it.",
        check=each_source(thick),
    ),
    Rule(
        id="governed",
        kind="house",
        what=f"Entry files extend {GOVERNED}.",
        why="It is the only form that a check on an environment can ask for.",
        check=each_run(ungoverned),
    ),
    Rule(
        id="schedule-cron",
        kind="correctness",
        what="Schedules are valid cron with five fields.",
        why="The service drops a schedule that it cannot read.",
        check=each_source(wrong_schedule),
    ),
    Rule(
        id="schedule-always",
        kind="house",
        what="Schedules say `always`.",
        why="Without it nothing runs as long as no code changes, though data does every night.",
        check=each_source(vague_schedule),
    ),
    Rule(
        id="pull-request-note",
        kind="house",
        what="`pr:` comes with a note that Azure Repos ignores it.",
        why="Somebody would wait for checks that never start.",
        severity="note",
        check=each_source(ignored),
    ),
)
