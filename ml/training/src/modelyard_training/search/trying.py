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
from modelyard_training.search.folds import Ground, fell_behind


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be tried."""

    number: int
    """Of the trial, from 0."""
    parameters: Parameters
    bars: tuple[float, ...] = ()
    """The loss above which it is given up after each fold."""
    rival: tuple[float, ...] = ()
    """The losses of the best trial so far, one a fold: it is given up when it has fallen behind them."""


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
            losses += _losses(spec, ground, {**task.parameters, "seed": seed}, task)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    return Outcome(tuple(losses), time.monotonic() - started, problem)


def _losses(spec: ModelSpec, ground: Ground, parameters: Mapping[str, Any], task: Task) -> Iterator[float]:
    metric, found = spec.search.metric, list[float]()
    for place, fold in enumerate(ground.folds):
        rows = ground.rows_of(*fold.learn)
        model = fitted(spec, parameters, rows)
        values = measure(spec, model, ground.rows_of(fold.judge), base_rate=float(label_values(rows).mean()))
        loss = values[metric] if metric in LOWER_IS_BETTER else -values[metric]
        if not math.isfinite(loss):
            raise ValueError(f"{metric} is {loss} on fold {place + 1}")
        found.append(loss)
        yield loss
        if _is_hopeless(found, task):
            return


def _is_hopeless(found: Sequence[float], task: Task) -> bool:
    passed = len(found)
    over = passed <= len(task.bars) and math.fsum(found) / passed > task.bars[passed - 1]
    return over or (passed < len(task.rival) and fell_behind(found, task.rival))


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread a trial: sums come out the same on every machine, and processes do not fight over cores."""
    import importlib

    from threadpoolctl import threadpool_limits

    # Only what is loaded can be limited, and scikit-learn loads its OpenMP with its estimators.
    importlib.import_module("sklearn.ensemble")
    with threadpool_limits(1):
        yield
