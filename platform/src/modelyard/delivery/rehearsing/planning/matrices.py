"""How often a job runs, and with which variables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.evaluating import evaluate
from modelyard.delivery.expressions.texts import runtime_expression
from modelyard.delivery.expressions.values import to_text
from modelyard.delivery.pipeline import Job
from modelyard.delivery.rehearsing.planning.scopes import Values
from modelyard.delivery.rehearsing.planning.variables import Variables
from modelyard.errors import InvalidPipelineError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a job."""

    name: str
    """In the matrix; empty for a job without one."""
    variables: Mapping[str, str]


ONCE = Turn("", {})


def turns_of(job: Job, variables: Variables, values: Values) -> list[Turn]:
    """The runs of a job. A matrix that turns out empty gives one run without variables, as in the service.

    Raises:
        InvalidPipelineError: the matrix cannot be worked out, or is none.
    """
    strategy = job.strategy
    if strategy.parallel:
        total = str(strategy.parallel)
        return [
            Turn(f"part{position}", {"System.JobPositionInPhase": str(position), "System.TotalJobsInPhase": total})
            for position in range(1, strategy.parallel + 1)
        ]
    if strategy.matrix is None:
        return [ONCE]
    matrix = strategy.matrix if isinstance(strategy.matrix, Mapping) else _worked_out(job, variables, values)
    return [_turn(job, name, row) for name, row in matrix.items()] or [ONCE]


def _worked_out(job: Job, variables: Variables, values: Values) -> Mapping[str, Any]:
    text = str(job.strategy.matrix)
    expression = runtime_expression(text)
    if expression is None:
        raise _refusal(job, text, "an expression $[ ... ] or a mapping")
    found = evaluate(expression, Context({**values, "variables": variables.values()}), job.place)
    if found in (None, ""):
        return {}
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            raise _refusal(job, found, "JSON: a mapping of variables for each name") from None
    if found is not None and not isinstance(found, Mapping):
        raise _refusal(job, json.dumps(found, default=str), "a mapping of variables for each name")
    return found or {}


def _turn(job: Job, name: str, row: object) -> Turn:
    if not NAME.fullmatch(name):
        raise _refusal(job, name, "names of letters, digits and _, which begin with a letter")
    if not isinstance(row, Mapping):
        raise _refusal(job, f"{name}: {row}", "a mapping of variables for each name")
    return Turn(name, {str(key): to_text(value) or "" for key, value in row.items()})


def _refusal(job: Job, found: str, allowed: str) -> InvalidPipelineError:
    return InvalidPipelineError(
        f"{job.place}: the matrix of job {job.name} needs {allowed}; found {found[:200]!r}",
        hint="look at the output variable that it is made from",
    )
