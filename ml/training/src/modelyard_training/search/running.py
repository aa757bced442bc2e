"""A search from begin to end: rounds of proposals, tried here or in processes, journalled, and given up by folds.

The same declaration, rows and seed give the same best, whatever the number of processes: proposals come in rounds of
a declared size, a round is told as a whole and in the order in which it was asked, and what is given up follows from
earlier rounds alone. A search that was killed replays its journal and goes on.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelyard.errors import InvalidModelError
from modelyard.evaluation.metrics import BINARY_METRICS, LOWER_IS_BETTER, REGRESSION_METRICS
from modelyard.models.searching import Parameters, Value
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import Parts
from modelyard_training.learning import Progress
from modelyard_training.search.folds import Ground, bars_of, ground_of
from modelyard_training.search.journal import Journal
from modelyard_training.search.samplers import Sampler, sampler_of
from modelyard_training.search.triers import Means, Trier, trier_of
from modelyard_training.search.trying import Outcome, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One set of parameters that was tried."""

    parameters: Mapping[str, Value]
    value: float | None
    """The metric, as a mean over the folds that it got to; none if the trial failed."""
    seconds: float
    problem: str = ""
    """Why it failed."""
    folds: int = 1
    """How many folds it got to."""
    given_up: bool = False
    """It fell behind, so that its value is not of all folds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What the search found."""

    best: Mapping[str, Value]
    """The parameters of the best trial, and the seed."""
    value: float
    metric: str
    trials: tuple[Trial, ...]
    rows: int
    """How many training rows each trial learned from."""
    out_of_time: bool
    """The declared seconds were over before the declared trials: another machine may find another best."""
    first: tuple[Parameters, ...] = ()
    """What was tried before anything was proposed: declared beginnings, and the best of earlier versions."""
    warm: tuple[Parameters, ...] = ()
    """The best of earlier versions: given again, they make the same search."""
    replayed: int = 0
    """How many trials came from the journal of a search that was killed."""


def search(
    spec: ModelSpec,
    parts: Parts,
    *,
    seed: int,
    progress: Progress,
    means: Means | None = None,
    warm: Sequence[Parameters] = (),
) -> SearchResult:
    """Try what the declaration allows, and keep the best.

    Args:
        spec: The declaration.
        parts: The rows.
        seed: Of proposals and estimators.
        progress: Told after every trial.
        means: How it is run.
        warm: Tried right after what the declaration says to begin with: the best of earlier versions.

    Raises:
        InvalidModelError: every trial failed, or the declared metric does not exist.
        DataNotReadyError: the rows do not suffice for the declared folds.
    """
    _check_metric(spec)
    if not spec.search.space:
        return _nothing_to_look_for(spec, parts, seed=seed)
    chosen, ground = means or Means(), ground_of(spec, parts)
    first = tuple(one for one in (dict(spec.defaults), *map(dict, warm)) if one)
    key = _key(spec, ground, seed=seed, source=chosen.source, first=first)
    journal = Journal(chosen.journal, key=key)
    with trier_of(spec, ground, seed=seed, means=chosen) as trier:
        run = _Run(spec, ground, sampler_of(spec.search, seed=seed, first=first), journal, trier, progress)
        run.to_the_end()
    best = run.best()
    return SearchResult(
        best={**best.parameters, "seed": seed},
        value=float("nan") if best.value is None else best.value,
        metric=spec.search.metric,
        trials=tuple(run.trials),
        rows=ground.rows,
        out_of_time=run.out_of_time,
        first=first,
        warm=tuple(dict(one) for one in warm),
        replayed=run.replayed,
    )


class _Run:
    """The state of a search while it runs."""

    def __init__(
        self, spec: ModelSpec, ground: Ground, sampler: Sampler, journal: Journal, trier: Trier, progress: Progress
    ) -> None:
        self._spec, self._ground, self._sampler = spec, ground, sampler
        self._journal, self._trier, self._progress = journal, trier, progress
        self._sign = 1 if spec.search.metric in LOWER_IS_BETTER else -1
        self._losses: list[tuple[float, ...]] = []
        self.trials: list[Trial] = []
        self.replayed = 0
        self.out_of_time = False

    def to_the_end(self) -> None:
        """Round after round until the declared trials are done, the space is empty, or time is over."""
        wanted, until = self._spec.search, time.monotonic() + self._spec.search.seconds
        while len(self.trials) < wanted.trials and not self.out_of_time:
            asked = self._sampler.ask(min(wanted.together, wanted.trials - len(self.trials)))
            if not asked:
                return
            bars, rival = self._measures()
            tasks = [Task(len(self.trials) + place, one, bars, rival) for place, one in enumerate(asked)]
            found = self._tried(tasks, until=until)
            self._keep(tasks, found)
            if not self.out_of_time:
                self._sampler.tell([found[task.number].loss for task in tasks])

    def _measures(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """What the trials of a round are held to: bars, or the best of earlier rounds."""
        folds = len(self._ground.folds)
        if self._spec.search.giving_up == "halving":
            return bars_of(self._losses, folds), ()
        whole = [losses for losses in self._losses if len(losses) == folds]
        return (), min(whole, key=math.fsum, default=())

    def _tried(self, tasks: Sequence[Task], *, until: float) -> dict[int, Outcome]:
        """The outcomes by number: from the journal where they are known."""
        found = {task.number: known for task in tasks if (known := self._journal.known(task))}
        self.replayed += len(found)
        open_tasks = [task for task in tasks if task.number not in found]
        # The first trial always runs, or a search without time would have no result at all.
        surely = 0 if self.trials or found else 1
        for place, outcome in self._trier(open_tasks, until=until, surely=surely):
            found[open_tasks[place].number] = outcome
            self._journal.write(open_tasks[place], outcome)
            self._say(len(self.trials) + len(found), outcome)
        return found

    def _keep(self, tasks: Sequence[Task], found: Mapping[int, Outcome]) -> None:
        for task in tasks:
            if task.number not in found:
                self.out_of_time = True
                continue
            outcome = found[task.number]
            self.trials.append(self._trial(task, outcome))
            if not outcome.problem:
                self._losses.append(outcome.losses)

    def _trial(self, task: Task, outcome: Outcome) -> Trial:
        loss = outcome.loss
        return Trial(
            parameters=task.parameters,
            value=None if loss is None else self._sign * loss,
            seconds=outcome.seconds,
            problem=outcome.problem,
            folds=len(outcome.losses),
            given_up=not outcome.problem and len(outcome.losses) < len(self._ground.folds),
        )

    def _say(self, done: int, outcome: Outcome) -> None:
        loss, folds = outcome.loss, len(self._ground.folds)
        result = "failed" if loss is None else f"{self._spec.search.metric} {self._sign * loss:.4f}"
        behind = f" over {len(outcome.losses)} of {folds} folds" if loss and len(outcome.losses) < folds else ""
        self._progress(f"trial {done} of {self._spec.search.trials}: {result}{behind} in {outcome.seconds:.1f} s")

    def best(self) -> Trial:
        """The best of the trials that went over all folds; the first of equals.

        Raises:
            InvalidModelError: every trial failed.
        """
        done = [trial for trial in self.trials if trial.value is not None and not trial.given_up]
        if not done:
            problems = sorted({trial.problem for trial in self.trials})
            raise InvalidModelError(
                f"every trial of model {self._spec.name} failed; the first one with {self.trials[0].problem}"
                + (f"; {len(problems)} reasons in all" if len(problems) > 1 else ""),
                hint=f"mend build() or the search space in ml/models/{self._spec.name}/model.py",
            )
        return min(done, key=lambda trial: self._sign * (trial.value or 0.0))


def _nothing_to_look_for(spec: ModelSpec, parts: Parts, *, seed: int) -> SearchResult:
    """A model without parameters is fitted once, when it is fitted."""
    best = {**spec.defaults, "seed": seed}
    metric, rows = spec.search.metric, parts.train.height
    return SearchResult(best=best, value=float("nan"), metric=metric, trials=(), rows=rows, out_of_time=False)


def _check_metric(spec: ModelSpec) -> None:
    known = BINARY_METRICS if spec.task == "binary" else REGRESSION_METRICS
    if spec.search.metric not in known:
        raise InvalidModelError(
            f"model {spec.name} searches by {spec.search.metric!r}; a {spec.task} model has {', '.join(known)}",
            hint=f"change search in ml/models/{spec.name}/model.py",
        )


def _key(spec: ModelSpec, ground: Ground, *, seed: int, source: str, first: Sequence[Parameters]) -> str:
    """What a search is made of: another declaration, other rows or another seed make it another search."""
    said: list[Any] = [spec.name, spec.search, seed, source, first, ground.folds, ground.frame.shape]
    return hashlib.sha256(repr(said).encode()).hexdigest()
