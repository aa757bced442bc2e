"""How long a search takes to reach a target loss: ours, against Optuna's and Hyperopt's defaults.

The same objective for all: the mean log loss over the same five folds, one thread a fit, as many trials. The target is
the median of what all searches of all sides reach in the end. A search that does not get there is counted with the
largest time of all seeds and sides: a restricted mean, in which nobody gains by not arriving.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figure, Skipped
from lakes import DifferentOutcomeError
from processes import say

if TYPE_CHECKING:
    from modelyard.models.spec import ModelSpec
    from modelyard.models.splitting import Parts

TRIALS = 30
ROWS = 16_000
FOLDS = 5
GOALS = {"optuna": 1.5, "hyperopt": 3.0}
SEED = 7
Found = Sequence[tuple[float, float]]
"""Seconds since the start and loss of every trial that went over all folds, in order of ending."""


def measure(work: Path, *, runs: int) -> list[Figure | Skipped]:
    """One figure for each peer; `runs` is the number of seeds."""
    del work
    peers: dict[str, Callable[[int], Found]] = {"optuna": _optuna}
    missing: list[Figure | Skipped] = []
    if importlib.util.find_spec("hyperopt") is None:
        missing = [Skipped("search-vs-hyperopt", "hyperopt is not installed: pip install 'modelyard[hyperopt]'")]
    else:
        peers["hyperopt"] = _hyperopt
    found: dict[str, list[Found]] = {"ours": [], **{name: [] for name in peers}}
    for seed in range(1, runs + 1):
        for name, side in {"ours": _ours, **peers}.items():
            found[name].append(side(seed))
        said = [f"{name} {_best(runs[-1]):.5f} in {runs[-1][-1][0]:.1f} s" for name, runs in found.items()]
        say(f"  seed {seed}: {', '.join(said)}")
    target = statistics.median(_best(one) for runs in found.values() for one in runs)
    reached = {name: [_until(one, target) for one in runs] for name, runs in found.items()}
    return [*(_figure(name, reached["ours"], reached[name], target) for name in peers), *missing]


def declaration(seed: int = SEED) -> ModelSpec:
    """The model that is searched for."""
    from modelyard.models.searching import Floats, Integers, Search
    from modelyard.testing.model_fakes import sample_spec

    space = {
        "learning_rate": Floats(0.01, 0.5, log=True),
        "max_iter": Integers(20, 120),
        "max_leaf_nodes": Integers(4, 64, log=True),
        "min_samples_leaf": Integers(5, 300, log=True),
        "l2_regularization": Floats(1e-4, 100, log=True),
    }
    search = Search(space=space, metric="log_loss", trials=TRIALS, rows=10 * ROWS, folds=FOLDS, seconds=3600)
    return sample_spec(build=build, search=search, seed=seed)


def build(parameters: Mapping[str, Any]) -> Any:
    """Boosted trees over the parcels' numbers."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline

    columns = ColumnTransformer([("numbers", "passthrough", ["weight", "distance"])])
    chosen = {name: value for name, value in parameters.items() if name != "seed"}
    trees = HistGradientBoostingClassifier(random_state=SEED, early_stopping=False, **chosen)
    return Pipeline([("columns", columns), ("estimator", trees)])


@cache
def _parts() -> Parts:
    from modelyard.models.preparing import labelled_parts
    from modelyard.testing.model_fakes import sample_frame

    return labelled_parts(declaration(), sample_frame(rows=ROWS), data_versions={})


def _loss(parameters: Mapping[str, Any]) -> float:
    """The objective as a team writes it: every fold, every time. One thread a fit, as on our side."""
    from modelyard_training.search.folds import ground_of
    from modelyard_training.search.trying import Task, try_parameters

    spec = declaration()
    loss = try_parameters(spec, ground_of(spec, _parts()), Task(0, dict(parameters)), seed=SEED).loss
    assert loss is not None
    return loss


def _ours(seed: int) -> Found:
    from modelyard_training.search.running import search
    from modelyard_training.search.triers import Means

    spec, started = declaration(seed), time.monotonic()
    told: dict[int, float] = {}
    means = Means(workers=2, declared=partial(declaration, seed))

    def note(line: str) -> None:
        told[int(line.split()[1])] = time.monotonic() - started

    found = search(spec, _parts(), seed=seed, progress=note, means=means)
    best = {name: value for name, value in found.best.items() if name != "seed"}
    if abs(_loss(best) - found.value) > 1e-9:
        raise DifferentOutcomeError(f"the best loss is {found.value} in the search, and {_loss(best)} alone")
    # A round is told as a whole, so both of its trials count as ended when the later one did.
    ended = [told[2 * (number // 2 + 1)] for number in range(TRIALS)]
    whole = zip(ended, found.trials, strict=True)
    return [(at, trial.value or 0.0) for at, trial in whole if not trial.given_up]


def _optuna(seed: int) -> Found:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    from modelyard_training.search.optuna_sampler import _suggest

    space, started = declaration().search.space, time.monotonic()
    found: list[tuple[float, float]] = []

    def objective(trial: optuna.Trial) -> float:
        loss = _loss({name: _suggest(trial, name, one) for name, one in space.items()})
        found.append((time.monotonic() - started, loss))
        return loss

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(objective, n_trials=TRIALS)
    return found


def _hyperopt(seed: int) -> Found:
    import hyperopt  # type: ignore[import-not-found, import-untyped, unused-ignore]

    from modelyard_training.search.hyperopt_sampler import _value, translated

    space, started = declaration().search.space, time.monotonic()
    found: list[tuple[float, float]] = []

    def objective(values: Mapping[str, Any]) -> float:
        loss = _loss({name: _value(one, values[name]) for name, one in space.items()})
        found.append((time.monotonic() - started, loss))
        return loss

    hyperopt.fmin(
        objective,
        {name: translated(name, one) for name, one in space.items()},
        algo=hyperopt.tpe.suggest,
        max_evals=TRIALS,
        rstate=np.random.default_rng(seed),
        show_progressbar=False,
        verbose=False,
    )
    return found


def _best(found: Found) -> float:
    return min(loss for _, loss in found)


def _until(found: Found, target: float) -> tuple[float, bool]:
    """Seconds until the target; where it was not reached, those until the end, and False."""
    return next(((at, True) for at, loss in found if loss <= target), (found[-1][0], False))


Reached = Sequence[tuple[float, bool]]


def _figure(peer: str, ours: Reached, theirs: Reached, target: float) -> Figure:
    limit = max(at for at, _ in (*ours, *theirs))
    own, other = (np.array([at if arrived else limit for at, arrived in side]) for side in (ours, theirs))
    drawn = np.random.default_rng(0).integers(0, len(own), size=(2000, len(own)))
    ratios = other[drawn].mean(axis=1) / own[drawn].mean(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Figure(
        name=f"search-vs-{peer}",
        what=f"seconds to log loss {target:.4f}, restricted mean over seeds: two processes and folds, against {peer}",
        ours=float(own.mean()),
        peer=float(other.mean()),
        ratio=float(other.mean() / own.mean()),
        goal=f"at least {GOALS[peer]:g} times",
        met=bool(low >= GOALS[peer]),
        runs=len(own),
        spread=(float(low), float(high)),
        samples={"ours": own.tolist(), "peer": other.tolist()},
        facts={
            "arrived, ours": sum(arrived for _, arrived in ours),
            f"arrived, {peer}": sum(arrived for _, arrived in theirs),
            "trials at most": TRIALS,
            "restricted at, s": round(float(limit), 2),
            "rows": ROWS,
            "folds": FOLDS,
        },
    )
