"""Hyperopt's TPE behind the sampler's interface, for teams that come from there. It is optional."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.errors import MissingToolError
from modelyard.models.searching import Choices, Dimension, Integers, Parameters, Value


class HyperoptSampler:
    """Hyperopt without its `fmin`: its suggestions are asked for, and its trials told, one round at a time."""

    def __init__(self, space: Mapping[str, Dimension], *, seed: int, first: Sequence[Parameters] = ()) -> None:
        hyperopt = _hyperopt()
        self._space = space
        self._seed = seed
        self._waiting = list(first)
        expressions = {name: translated(name, dimension) for name, dimension in space.items()}
        self._domain = hyperopt.base.Domain(lambda _: 0.0, expressions)
        self._trials = hyperopt.base.Trials()
        self._asked: list[Parameters] = []

    def ask(self, count: int) -> list[Parameters]:
        """What waits, then suggestions. Each sees the results of whole rounds only."""
        begun = len(self._trials)
        self._asked = []
        for place in range(count):
            self._asked.append(self._waiting.pop(0) if self._waiting else self._suggest(begun + place))
        return list(self._asked)

    def tell(self, losses: Sequence[float | None]) -> None:
        """Insert the round as finished trials, the ones that it did not suggest itself as well."""
        for parameters, loss in zip(self._asked, losses, strict=True):
            number = self._trials.new_trial_ids(1)[0]
            self._trials.insert_trial_docs([self._document(number, parameters, loss)])
        self._trials.refresh()

    def _suggest(self, place: int) -> Parameters:
        hyperopt = _hyperopt()
        number = self._trials.new_trial_ids(1)
        suggested = hyperopt.tpe.suggest(number, self._domain, self._trials, (self._seed + place) % 2**31)
        values = {name: found[0] for name, found in suggested[0]["misc"]["vals"].items()}
        return {name: _value(dimension, values[name]) for name, dimension in self._space.items()}

    def _document(self, number: int, parameters: Parameters, loss: float | None) -> dict[str, Any]:
        hyperopt = _hyperopt()
        values = {name: [_index(self._space[name], value)] for name, value in parameters.items()}
        misc = {"tid": number, "cmd": None, "idxs": {name: [number] for name in values}, "vals": values}
        result = {"status": hyperopt.STATUS_FAIL} if loss is None else {"status": hyperopt.STATUS_OK, "loss": loss}
        document: dict[str, Any] = self._trials.new_trial_docs([number], [None], [result], [misc])[0]
        document["state"] = hyperopt.base.JOB_STATE_DONE
        return document


def translated(name: str, dimension: Dimension) -> Any:  # noqa: ANN401 - an expression of Hyperopt's
    """A dimension in Hyperopt's words."""
    hp = _hyperopt().hp
    if isinstance(dimension, Choices):
        return hp.choice(name, list(dimension.values))
    if isinstance(dimension, Integers):
        low, high = dimension.low - 0.5, dimension.high + 0.5
        return (
            hp.qloguniform(name, math.log(low), math.log(high), 1) if dimension.log else hp.quniform(name, low, high, 1)
        )
    if dimension.log:
        return hp.loguniform(name, math.log(dimension.low), math.log(dimension.high))
    return hp.uniform(name, dimension.low, dimension.high)


def _value(dimension: Dimension, found: Any) -> Value:  # noqa: ANN401 - a number of NumPy's
    """What Hyperopt suggests, as a value of the space: it numbers choices, and rounds to floats."""
    if isinstance(dimension, Choices):
        return dimension.values[int(found)]
    if isinstance(dimension, Integers):
        return min(max(round(float(found)), dimension.low), dimension.high)
    return min(max(float(found), dimension.low), dimension.high)


def _index(dimension: Dimension, value: Value) -> Value:
    """A value of the space as Hyperopt keeps it."""
    return dimension.values.index(value) if isinstance(dimension, Choices) else value


def _hyperopt() -> Any:  # noqa: ANN401 - an optional package without types
    try:
        import hyperopt  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingToolError(
            f"the search is declared with sampler 'hyperopt', which cannot be imported: {error}",
            hint="install the extra: pip install 'modelyard[hyperopt]', or declare sampler 'optuna'",
        ) from error
    return hyperopt
