"""Looking for the best parameters: Optuna's TPE in this process, seeded, on rows of train spread over time.

The trials are judged on the validation rows. The test rows are not looked at.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modelyard.errors import InvalidModelError
from modelyard.evaluation.metrics import LOWER_IS_BETTER
from modelyard.models.preparing import label_values
from modelyard.models.searching import Choices, Dimension, Integers, Value
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import TimeParts
from modelyard_training.learning import Progress, fitted, measure, thinned

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One set of parameters that was tried."""

    parameters: Mapping[str, Value]
    value: float | None
    """The metric on the validation rows; none if the trial failed."""
    seconds: float
    problem: str = ""
    """Why it failed."""


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


def search(spec: ModelSpec, parts: TimeParts, *, seed: int, progress: Progress) -> SearchResult:
    """Try what the declaration allows, and keep the best.

    Raises:
        InvalidModelError: every trial failed, or the declared metric does not exist.
    """
    rows = thinned(parts.train, spec.search.rows)
    study = _study(spec, seed)
    started = time.monotonic()
    trials: list[Trial] = []
    while len(trials) < spec.search.trials and (not trials or time.monotonic() - started < spec.search.seconds):
        asked = study.ask()
        parameters = {name: _suggest(asked, name, dimension) for name, dimension in spec.search.space.items()}
        trial = _tried(spec, {**parameters, "seed": seed}, rows=rows, parts=parts)
        trials.append(trial)
        _tell(study, asked, trial)
        progress(f"trial {len(trials)} of {spec.search.trials}: {_said(spec, trial)}")
    best = _best(spec, trials)
    return SearchResult(
        best=best.parameters,
        value=float("nan") if best.value is None else best.value,
        metric=spec.search.metric,
        trials=tuple(trials),
        rows=rows.height,
        out_of_time=len(trials) < spec.search.trials,
    )


def _study(spec: ModelSpec, seed: int) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, spec.search.trials // 2))
    wanted = optuna.study.StudyDirection
    direction = wanted.MINIMIZE if spec.search.metric in LOWER_IS_BETTER else wanted.MAXIMIZE
    study = optuna.create_study(sampler=sampler, direction=direction)
    if spec.defaults:
        study.enqueue_trial(dict(spec.defaults))
    return study


def _suggest(trial: optuna.Trial, name: str, dimension: Dimension) -> Value:
    if isinstance(dimension, Choices):
        chosen: Value = trial.suggest_categorical(name, dimension.values)
        return chosen
    if isinstance(dimension, Integers):
        return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)


def _tried(spec: ModelSpec, parameters: Mapping[str, Any], *, rows: Any, parts: TimeParts) -> Trial:  # noqa: ANN401
    """One trial. What goes wrong in it is an answer: other parameters may do."""
    started = time.monotonic()
    try:
        model = fitted(spec, parameters, rows)
        metrics = measure(spec, model, parts.validation, base_rate=float(label_values(rows).mean()))
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        return Trial(parameters=parameters, value=None, seconds=time.monotonic() - started, problem=problem)
    if spec.search.metric not in metrics:
        raise InvalidModelError(
            f"model {spec.name} searches by {spec.search.metric!r}; a {spec.task} model has {', '.join(metrics)}",
            hint=f"change search in ml/models/{spec.name}/model.py",
        )
    value = metrics[spec.search.metric]
    return Trial(parameters=parameters, value=value, seconds=time.monotonic() - started)


def _tell(study: optuna.Study, asked: optuna.Trial, trial: Trial) -> None:
    import optuna

    if trial.value is None:
        study.tell(asked, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(asked, trial.value)


def _best(spec: ModelSpec, trials: list[Trial]) -> Trial:
    done = [trial for trial in trials if trial.value is not None]
    if not done:
        raise InvalidModelError(
            f"every trial of model {spec.name} failed; the first one with {trials[0].problem}",
            hint=f"mend build() or the search space in ml/models/{spec.name}/model.py",
        )
    sign = -1 if spec.search.metric in LOWER_IS_BETTER else 1
    return max(done, key=lambda trial: sign * (trial.value or 0.0))


def _said(spec: ModelSpec, trial: Trial) -> str:
    result = "failed" if trial.value is None else f"{spec.search.metric} {trial.value:.4f}"
    return f"{result} in {trial.seconds:.1f} s"
