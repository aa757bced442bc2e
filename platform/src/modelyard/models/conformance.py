"""The contract that every model passes, checked on a sample of its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from modelyard.errors import ModelyardError
from modelyard.models.demands import DEMANDS, Allowance
from modelyard.models.learned import Learned, learn
from modelyard.models.preparing import labelled_rows
from modelyard.models.spec import ModelSpec

if TYPE_CHECKING:
    import polars as pl

FITS = "its table holds what it declares"
LEARNS = "learns from its declared features alone"


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the contract."""

    name: str
    passed: bool
    detail: str = ""
    """What was found where it does not pass."""


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """What the contract suite says about a model."""

    model: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)


def check_model(
    spec: ModelSpec,
    frame: pl.DataFrame,
    *,
    parameters: Mapping[str, Any] | None = None,
    allowance: Allowance | None = None,
) -> ConformanceReport:
    """Check a model on rows of its CURATED table, enough of them to be split.

    Args:
        spec: The declaration.
        frame: Rows of the table; a few thousand are enough.
        parameters: With which to build; none by default, so that the estimator's own defaults are checked.
        allowance: How slow and how large it may be.
    """
    checks = [_checked(FITS, lambda: _nothing(labelled_rows(spec, frame)))]
    learned: list[Learned] = []
    if checks[0].passed:
        checks.append(_checked(LEARNS, lambda: learned.append(learn(spec, frame, parameters=parameters))))
    for model in learned:
        allowed = allowance or Allowance()
        checks += [_checked(name, partial(demand, model, allowed)) for name, demand in DEMANDS.items()]
    return ConformanceReport(model=spec.name, checks=tuple(checks))


def _nothing(_: object) -> None:
    """What was computed is of no interest, only that it could be."""


def _checked(name: str, check: Callable[[], str | None]) -> Check:
    """A check passes if it has nothing to say; whatever a model's own code raises is what it has to say."""
    try:
        problem = check()
    except ModelyardError as error:
        problem = error.message
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return Check(name, passed=not problem, detail=problem or "")
