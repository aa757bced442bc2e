"""One trial: some parameters, fitted and judged fold by fold. It runs in this process or in a worker's."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from modelyard.evaluation.metrics import LOWER_IS_BETTER
from modelyard.models.preparing import label_values
from modelyard.models.searching import Parameters
from modelyard.models.spec import ModelSpec
from modelyard_training.learning import fitted, measure
from modelyard_training.search.folds import Ground


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be tried."""

    number: int
    """Of the trial, from 0."""
    parameters: Parameters
    bars: tuple[float, ...] = ()
    """The loss above which it is given up after each fold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial led to."""

    losses: tuple[float, ...]
    """One a fold, as far as it got; less is better."""
    seconds: float
    problem: str = ""
    """Why it failed."""

    @property
    def loss(self) -> float | None:
        """The mean over the folds; none if it failed."""
        return None if self.problem or not self.losses else math.fsum(self.losses) / len(self.losses)


def try_parameters(spec: ModelSpec, ground: Ground, task: Task, *, seed: int) -> Outcome:
    """Try parameters. What goes wrong is an answer: other parameters may do."""
    started = time.monotonic()
    losses: list[float] = []
    problem = ""
    try:
        with one_thread():
            losses += _losses(spec, ground, {**task.parameters, "seed": seed}, task.bars)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return Outcome(tuple(losses), time.monotonic() - started, problem)


def _losses(spec: ModelSpec, ground: Ground, parameters: Mapping[str, Any], bars: Sequence[float]) -> Iterator[float]:
    metric, found = spec.search.metric, []
    for place, fold in enumerate(ground.folds):
        rows = ground.rows_of(*fold.learn)
        model = fitted(spec, parameters, rows)
        values = measure(spec, model, ground.rows_of(fold.judge), base_rate=float(label_values(rows).mean()))
        loss = values[metric] if metric in LOWER_IS_BETTER else -values[metric]
        if not math.isfinite(loss):
            raise ValueError(f"{metric} is {loss} on fold {place + 1}")
        found.append(loss)
        yield loss
        if place < len(bars) and math.fsum(found) / len(found) > bars[place]:
            return


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread a trial: sums come out the same on every machine, and processes do not fight over cores."""
    import importlib

    from threadpoolctl import threadpool_limits

    # Only what is loaded can be limited, and scikit-learn loads its OpenMP with its estimators.
    importlib.import_module("sklearn.ensemble")
    with threadpool_limits(1):
        yield
