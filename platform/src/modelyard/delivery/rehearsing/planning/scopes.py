"""What conditions and runtime expressions see of the stages and jobs before them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.evaluating import evaluate
from modelyard.delivery.expressions.status import Status, status_functions
from modelyard.delivery.expressions.texts import runtime_expression
from modelyard.delivery.expressions.values import to_boolean, to_text
from modelyard.delivery.pipeline import Job, Stage, Variable
from modelyard.delivery.places import Place
from modelyard.delivery.rehearsing.planning.graph import ancestors
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.delivery.rehearsing.recording.records import JobRecord, StageRecord, joined
from modelyard.delivery.rehearsing.rehearsal import Rehearsal

Values = Mapping[str, Any]
DEFAULT = "succeeded()"


def holds(condition: str | None, *, values: Values, status: Status, place: Place) -> bool:
    """Whether something runs. Without a condition it does if everything before it succeeded.

    Raises:
        InvalidPipelineError: the condition cannot be worked out.
    """
    context = Context(values, status_functions(status))
    return to_boolean(evaluate(condition or DEFAULT, context, place))


def stage_values(rehearsal: Rehearsal, stage: Stage) -> Values:
    """What a stage's condition sees: the stages that it names in dependsOn."""
    found = {}
    for name in stage.depends_on:
        record = rehearsal.record.stage(name)
        if record is not None:
            outputs: dict[str, str] = {}
            for job in record.jobs:
                outputs |= {f"{job.job}.{key}": value for key, value in _outputs(rehearsal, record, job).items()}
            found[name] = {"result": record.result, "outputs": outputs}
    return {"dependencies": found, "stageDependencies": stages_before(rehearsal, stage)}


def job_values(rehearsal: Rehearsal, stage: Stage, job: Job) -> Values:
    """What a job's condition, matrix and variables see: the jobs that it names, and the stages that its stage names."""
    record = rehearsal.record.stage(stage.name)
    before = {} if record is None else {name: _job(rehearsal, record, record.of(name)) for name in job.depends_on}
    return {"dependencies": before, "stageDependencies": stages_before(rehearsal, stage)}


def stages_before(rehearsal: Rehearsal, stage: Stage) -> Values:
    """The jobs of each stage that a stage names in dependsOn; of others the service says nothing either."""
    found = {}
    for name in stage.depends_on:
        record = rehearsal.record.stage(name)
        if record is not None:
            jobs = dict.fromkeys(job.job for job in record.jobs)
            found[name] = {one: _job(rehearsal, record, record.of(one)) for one in jobs}
    return found


def stage_status(rehearsal: Rehearsal, stage: Stage, *, counted: Iterable[str]) -> Status:
    """How all stages stand that a stage depends on, directly and indirectly; of those only that count."""
    wanted = set(counted)
    depends = {one.name: one.depends_on for one in rehearsal.pipeline.stages}
    records = [rehearsal.record.stage(name) for name in ancestors(stage.name, depends) if name in wanted]
    return Status({one.name: one.result for one in records if one is not None}, canceled=rehearsal.canceled)


def job_status(rehearsal: Rehearsal, stage: Stage, job: Job) -> Status:
    """How all jobs stand that a job depends on, directly and indirectly."""
    record = rehearsal.record.stage(stage.name)
    depends = {one.name: one.depends_on for one in stage.jobs}
    names = [] if record is None else ancestors(job.name, depends)
    results = {name: joined([one.result for one in record.of(name)]) for name in names} if record else {}
    return Status(results, canceled=rehearsal.canceled)


def set_variables(
    variables: Variables, declared: Iterable[Variable], *, values: Values, rehearsal: Rehearsal, unknown: bool = False
) -> None:
    """Sets declared variables in their order; `$[ ]` is worked out now.

    Args:
        variables: changed.
        declared: of the pipeline, a stage or a job.
        values: what expressions see besides variables.
        rehearsal: knows the groups and the secrets.
        unknown: whether groups that the secrets file does not hold are to be named.
    """
    for one in declared:
        if one.group:
            for held in rehearsal.secrets.groups.get(one.name, ()):
                variables.set(held.name, held.value, secret=held.secret)
            if unknown and one.name not in rehearsal.secrets.groups:
                rehearsal.warn(f"{one.place}: variable group {one.name} is not in a secrets file; none of it is set")
            continue
        value = resolved(one.value, variables, values=values, place=one.place)
        variables.set(one.name, value, secret=_is_secret(value, rehearsal), readonly=one.readonly)


def resolved(text: str, variables: Variables, *, values: Values, place: Place) -> str:
    """A variable's value: `$[ ]` worked out, everything else as it is."""
    expression = runtime_expression(text)
    if expression is None:
        return text
    context = Context({**values, "variables": variables.values()}, {"counter": _counter})
    value = evaluate(expression, context, place)
    found = to_text(value)
    return json.dumps(value, default=str) if found is None else found


def _counter(prefix: object = "", seed: object = 0) -> object:
    """The service counts runs with one prefix; a rehearsal is always the first."""
    del prefix
    return seed or 0


def _is_secret(value: str, rehearsal: Rehearsal) -> bool:
    return any(secret and secret in value for outputs in rehearsal.hidden.values() for secret in outputs.values())


def _job(rehearsal: Rehearsal, stage: StageRecord, records: list[JobRecord]) -> Values:
    outputs: dict[str, str] = {}
    for record in records:
        outputs |= _outputs(rehearsal, stage, record)
    return {"result": joined([record.result for record in records]), "outputs": outputs}


def _outputs(rehearsal: Rehearsal, stage: StageRecord, job: JobRecord) -> dict[str, str]:
    """By the names under which others see them: of a deployment after its job, of a matrix after the name in it."""
    found = {**job.outputs, **rehearsal.hidden.get((stage.name, job.key), {})}
    missing = [name for name in job.secret_outputs if name not in found]
    if missing:
        rehearsal.warn(
            f"secret outputs of {stage.name}/{job.key} are not kept ({', '.join(missing)}); to have them again, run "
            f"modelyard ci rehearse {rehearsal.pipeline.file} --rerun {rehearsal.record.number} --stage {stage.name}"
        )
    prefix = job.job if job.environment else job.matrix
    return {f"{prefix}.{name}" if prefix else name: value for name, value in found.items()}
