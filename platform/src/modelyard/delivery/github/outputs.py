"""Outputs of one job that another one reads: where they are in Azure Pipelines, and what GitHub Actions calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from modelyard.delivery.expressions.parsing import parse
from modelyard.delivery.expressions.syntax import Call, Every, Index, Literal, Node, Root, chain_of
from modelyard.delivery.expressions.texts import runtime_expression
from modelyard.delivery.pipeline import Job, Pipeline, Stage
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

STATUS = {"succeeded": "success()", "failed": "failure()", "succeededorfailed": "!cancelled()", "always": "always()"}
STATUSES = ("failure()", "cancelled()", "always()")
"""With one of these a condition no longer means that all went well."""
JOINED = {"and": " && ", "or": " || "}
COMPARED = {"eq": " == ", "ne": " != "}


@dataclass(frozen=True, slots=True, order=True)
class Output:
    """One output variable of one job."""

    stage: str
    job: str
    step: str
    name: str

    @property
    def owner(self) -> str:
        """The job that has it, as GitHub Actions calls that job."""
        return job_id(self.stage, self.job)

    @property
    def key(self) -> str:
        """What it is called among that job's outputs."""
        return f"{self.step}_{self.name}"

    @property
    def expression(self) -> str:
        """How another job reads it."""
        return f"needs.{self.owner}.outputs.{self.key}"


def job_id(stage: str, job: str) -> str:
    """Jobs have no stages there, so their names carry it."""
    return f"{stage}_{job}"


def outputs_read(pipeline: Pipeline) -> dict[str, list[Output]]:
    """Every output that some job of the pipeline reads, by the job that has it."""
    found: dict[str, set[Output]] = {}
    for stage, job in pipeline.jobs:
        for one in outputs_of(stage, job):
            found.setdefault(one.owner, set()).add(one)
    return {owner: sorted(some) for owner, some in found.items()}


def outputs_of(stage: Stage, job: Job) -> Iterator[Output]:
    """Every output that one job reads: in conditions, variables and its matrix."""
    for text, place in _expressions(stage, job):
        yield from _read(parse(text, place).node, stage, place)


def translated(text: str, stage: Stage, place: Place) -> str:
    """A condition or a runtime expression in the words of GitHub Actions, without `${{ }}`.

    Raises:
        InvalidPipelineError: it uses what has no counterpart there.
    """
    return _translated(parse(text, place).node, stage, place)


def _expressions(stage: Stage, job: Job) -> Iterator[tuple[str, Place]]:
    if stage.condition:
        yield stage.condition, stage.place
    if job.condition:
        yield job.condition, job.place
    for variable in (*stage.variables, *job.variables):
        if found := runtime_expression(variable.value):
            yield found, variable.place
    if isinstance(job.strategy.matrix, str) and (found := runtime_expression(job.strategy.matrix)):
        yield found, job.place


def _read(node: Node, stage: Stage, place: Place) -> Iterator[Output]:
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from _read(argument, stage, place)
    elif isinstance(node, Index | Every):
        yield _output(node, stage, place)


def _translated(node: Node, stage: Stage, place: Place) -> str:
    if isinstance(node, Literal):
        return quoted(node.value) if isinstance(node.value, str) else str(node.value).lower()
    if isinstance(node, Index):
        return _output(node, stage, place).expression
    if isinstance(node, Call):
        name = node.name.lower()
        parts = [_translated(one, stage, place) for one in node.arguments]
        if name in STATUS and not parts:
            return STATUS[name]
        if name in JOINED:
            return joined(name, parts)
        if name in COMPARED:
            return COMPARED[name].join(parts)
    raise InvalidPipelineError(
        f"{place}: there is no counterpart for this condition in GitHub Actions",
        hint="use and, or, eq, ne, a status function without a name, and outputs",
    )


def joined(name: str, parts: Sequence[str]) -> str:
    """Several conditions as one. success() is what a condition means anyway, unless it names another status."""
    others = any(status in part for part in parts for status in STATUSES)
    kept = [part for part in parts if part != "success()" or name == "or" or others] or list(parts[:1])
    return JOINED[name].join(f"({part})" if " && " in part or " || " in part else part for part in kept)


def quoted(text: str) -> str:
    """A text as GitHub Actions reads it."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _output(node: Index | Every, stage: Stage, place: Place) -> Output:
    """`dependencies.S.outputs['J.step.name']`, `stageDependencies.S.J.outputs['step.name']`, `dependencies.J.…`."""
    root, parts = chain_of(node)
    keys = [part.key.value for part in parts if isinstance(part, Index) and isinstance(part.key, Literal)]
    words = [str(key) for key in keys]
    if isinstance(root, Root) and len(words) == len(parts) and words and "outputs" in words:
        at = words.index("outputs")
        where, what = words[:at], words[at + 1].split(".") if at + 1 < len(words) else []
        # A deployment's outputs carry the name of the part that set them before the step's.
        match (root.name.lower(), where, what):
            case ("stagedependencies", [of, job], [*_, step, name]):
                return Output(of, job, step, name)
            case ("dependencies", [of], [job, *_, step, name]) if of != job:
                return Output(of, job, step, name)
            case ("dependencies", [job], [step, name]):
                return Output(stage.name, job, step, name)
    raise InvalidPipelineError(
        f"{place}: what this expression reads has no counterpart in GitHub Actions",
        hint="read the output of a step: dependencies.STAGE.outputs['JOB.STEP.NAME']",
    )


def literal_variables(pipeline: Pipeline, stage: Stage, job: Job) -> Mapping[str, str]:
    """Variables whose value is known before the run, by their names in small letters; the innermost wins."""
    found = {}
    for variable in (*pipeline.variables, *stage.variables, *job.variables):
        if not variable.group and runtime_expression(variable.value) is None:
            found[variable.name.lower()] = variable.value
    return found
