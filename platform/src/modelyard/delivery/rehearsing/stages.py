"""Stages in their order: which run, which are skipped and why, which a rerun leaves as they are."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from modelyard.delivery.pipeline import Pipeline, Stage
from modelyard.delivery.rehearsing.jobs import run_job, variables_of
from modelyard.delivery.rehearsing.planning.graph import ancestors, descendants, in_order
from modelyard.delivery.rehearsing.planning.scopes import holds, stage_status, stage_values
from modelyard.delivery.rehearsing.recording.records import GOOD, RunRecord, StageRecord, joined
from modelyard.delivery.rehearsing.rehearsal import Rehearsal
from modelyard.errors import ConfigurationError, InvalidPipelineError

NOT_CHOSEN = "not chosen with --stage"
BY_HAND = "it begins only by hand: choose it with --stage"


def choose(pipeline: Pipeline, record: RunRecord, names: Collection[str], *, rerun: bool) -> None:
    """Writes down which stages will run: those are pending, the others say why they will not.

    Args:
        pipeline: whose stages.
        record: changed.
        names: what `--stage` named.
        rerun: whether the run goes on where it ended: what succeeded stays, what was named and all that depends on it
            runs again as a whole.

    Raises:
        ConfigurationError: there is no such stage.
    """
    known = {stage.name: stage for stage in pipeline.stages}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(
            f"{pipeline.file} has no stage {unknown[0]!r}; there are: {', '.join(known)}",
            hint=f"see them with: modelyard ci rehearse {pipeline.file} --plan",
        )
    if rerun:
        _choose_again(pipeline, record, names)
        return
    for name in in_order(pipeline.stages, kind="stage"):
        stage = StageRecord(name=name, place=str(known[name].place))
        if names and name not in names:
            stage.result, stage.reason = "Skipped", NOT_CHOSEN
        elif known[name].manual and name not in names:
            stage.result, stage.reason = "Skipped", BY_HAND
        record.stages.append(stage)


def _choose_again(pipeline: Pipeline, record: RunRecord, names: Collection[str]) -> None:
    depends = {stage.name: stage.depends_on for stage in pipeline.stages}
    whole = {*names, *descendants(names, depends)}
    for stage in record.stages:
        was_left_out = stage.reason in (NOT_CHOSEN, BY_HAND) and stage.name not in names
        if was_left_out or (stage.result in GOOD and stage.name not in whole):
            continue
        stage.result, stage.reason = "Pending", ""
        if stage.name in whole:
            stage.jobs = []


def run_stages(rehearsal: Rehearsal) -> None:
    """Runs what is pending, each stage after all that it depends on."""
    stages = {stage.name: stage for stage in rehearsal.pipeline.stages}
    counted = [one.name for one in rehearsal.record.stages if one.reason not in (NOT_CHOSEN, BY_HAND)]
    for record in rehearsal.record.stages:
        if rehearsal.stopped:
            return
        if record.result == "Pending":
            _run_stage(rehearsal, stages[record.name], record, counted=counted)


def _run_stage(rehearsal: Rehearsal, stage: Stage, record: StageRecord, *, counted: Collection[str]) -> None:
    begun = time.monotonic()
    try:
        reason = _reason_to_skip(rehearsal, stage, counted=counted)
        order = in_order(stage.jobs, kind="job")
    except InvalidPipelineError as error:
        record.result, record.reason = "Failed", rehearsal.mask(error.message)
        rehearsal.watcher.stage_ends(record)
        return
    if reason:
        record.result, record.reason = "Skipped", rehearsal.mask(reason)
    else:
        record.result = "Running"
        rehearsal.watcher.stage_begins(record)
        rehearsal.journal.save()
        _run_jobs(rehearsal, stage, record, order=order)
        record.result = joined([job.result for job in record.jobs])
        record.seconds = round(time.monotonic() - begun, 3)
    rehearsal.watcher.stage_ends(record)
    rehearsal.journal.save()


def _run_jobs(rehearsal: Rehearsal, stage: Stage, record: StageRecord, *, order: list[str]) -> None:
    jobs = {job.name: job for job in stage.jobs}
    for name in order:
        if rehearsal.stopped:
            return
        run_job(rehearsal, stage, jobs[name], record=record)


def _reason_to_skip(rehearsal: Rehearsal, stage: Stage, *, counted: Collection[str]) -> str:
    values = stage_values(rehearsal, stage)
    variables = variables_of(rehearsal, stage, values=values)
    seen: Mapping[str, object] = {**values, "variables": variables.values()}
    status = stage_status(rehearsal, stage, counted=counted)
    if holds(stage.condition, values=seen, status=status, place=stage.place):
        return ""
    if stage.condition:
        return f"its condition does not hold: {stage.condition}"
    if rehearsal.canceled:
        return "the run is canceled"
    depends = {one.name: one.depends_on for one in rehearsal.pipeline.stages}
    bad = [
        f"{name} ({result})"
        for name in ancestors(stage.name, depends)
        if (result := status.results.get(name)) not in (None, *GOOD)
    ]
    return f"before it did not succeed: {', '.join(bad)}"
