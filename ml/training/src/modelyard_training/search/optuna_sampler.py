"""Optuna's TPE behind the sampler's interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from modelyard.models.searching import Choices, Dimension, Integers, Parameters, Value

if TYPE_CHECKING:
    import optuna


class OptunaSampler:
    """Optuna asks and is told in this process; where trials run is not its business, so no storage is needed."""

    def __init__(
        self, space: Mapping[str, Dimension], *, seed: int, trials: int, first: Sequence[Parameters] = ()
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        self._asked: list[optuna.Trial] = []
        # Optuna's own ten by chance are too many for a short search: half of it, at most, is spent on looking around.
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(1, min(10, trials // 2)))
        self._study = optuna.create_study(sampler=sampler, direction="minimize")
        for parameters in first:
            self._study.enqueue_trial(dict(parameters))

    def ask(self, count: int) -> list[Parameters]:
        """A round of proposals."""
        self._asked = [self._study.ask() for _ in range(count)]
        return [{name: _suggest(trial, name, one) for name, one in self._space.items()} for trial in self._asked]

    def tell(self, losses: Sequence[float | None]) -> None:
        """What the round led to."""
        import optuna

        for trial, loss in zip(self._asked, losses, strict=True):
            if loss is None:
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, loss)


def _suggest(trial: optuna.Trial, name: str, dimension: Dimension) -> Value:
    if isinstance(dimension, Choices):
        chosen: Value = trial.suggest_categorical(name, dimension.values)
        return chosen
    if isinstance(dimension, Integers):
        return trial.suggest_int(name, dimension.low, dimension.high, log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)
