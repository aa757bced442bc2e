"""succeeded(), failed() and the other functions that look at what already ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from modelyard.delivery.expressions.looking_up import find_named
from modelyard.delivery.expressions.values import ExpressionError, Value, text_of

Result = Literal["Succeeded", "SucceededWithIssues", "Skipped", "Failed", "Canceled", "Abandoned"]
"""How a stage, a job or a step ended. A job whose own condition cannot be worked out is Abandoned."""
GOOD = ("Succeeded", "SucceededWithIssues")
ENDED = (*GOOD, "Failed")


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand when a stage, a job or a step is about to begin."""

    results: Mapping[str, str] = field(default_factory=dict)
    """For a stage or a job: the result of everything it depends on, directly and indirectly, by name. The service
    looks at all of them, so a stage that was skipped two steps ahead still skips this one."""
    canceled: bool = False
    """Whether the run was cancelled."""
    job: str | None = None
    """For a step: how its job stands so far (Agent.JobStatus). None for a stage and a job."""


def status_functions(status: Status) -> Mapping[str, Callable[..., Value]]:
    """The functions of a condition.

    Names stand for the things themselves, in any case; without names everything this depends on counts. A name that
    this does not depend on is no error: it neither succeeded nor failed. Nothing to look at has succeeded.
    """
    return {
        "always": lambda: True,
        "canceled": lambda: _canceled(status),
        "failed": lambda *given: not _canceled(status) and "Failed" in _results(status, given),
        "succeeded": lambda *given: not _canceled(status) and all(one in GOOD for one in _results(status, given)),
        "succeededOrFailed": lambda *given: not _canceled(status) and _any_ended(_results(status, given)),
    }


def _canceled(status: Status) -> bool:
    return status.canceled or status.job == "Canceled"


def _any_ended(results: list[str]) -> bool:
    """One is enough; where everything was skipped, nothing ended."""
    return not results or any(result in ENDED for result in results)


def _results(status: Status, given: tuple[Value, ...]) -> list[str]:
    if status.job is not None:
        if given:
            raise ExpressionError("a step's condition takes no names", hint="Leave the parentheses empty.")
        return [status.job]
    if not given:
        return list(status.results.values())
    return [str(next(iter(find_named(status.results, text_of(name))), "")) for name in given]
