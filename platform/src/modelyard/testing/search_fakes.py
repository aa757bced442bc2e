"""Models whose trials go wrong in every way: for tests of searches. All can be found again in another process."""

# mypy: disable-error-code="misc"
from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from sklearn.base import BaseEstimator, TransformerMixin

from modelyard.models.searching import Floats, Search
from modelyard.models.spec import ModelSpec
from modelyard.testing.model_fakes import build_pipeline, sample_spec

HARMLESS = 1.0
"""Trials with a strength up to this are well-behaved."""
SPACE = {"strength": Floats(0.01, 100, log=True)}


class Deadly(TransformerMixin, BaseEstimator):
    """Takes its process down when it is fitted, as the system does where memory ends."""

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ANN401, N803, ARG002 - scikit-learn's names
        """Ends the process."""
        os.kill(os.getpid(), signal.SIGKILL)
        return self

    def transform(self, X: Any) -> Any:  # noqa: ANN401, N803 - scikit-learn's names
        """Nobody gets here."""
        return X


def crashing(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """Ends its process where the strength is harmful."""
    pipeline = build_pipeline(parameters)
    if parameters["strength"] > HARMLESS:
        pipeline.steps.insert(0, ("deadly", Deadly()))
    return pipeline


def always_crashing(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """Ends its process whatever is tried."""
    return crashing({**parameters, "strength": HARMLESS + 1})


def hanging(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """Never comes back where the strength is harmful."""
    while parameters["strength"] > HARMLESS:
        time.sleep(1)
    return build_pipeline(parameters)


def searched_spec(build: Any = build_pipeline, **changes: Any) -> ModelSpec:  # noqa: ANN401 - an estimator of any kind
    """The sample model with a search over its strength, some of it changed."""
    said: dict[str, Any] = {"space": SPACE, "metric": "log_loss", "trials": 8, "rows": 400, **changes}
    return sample_spec(build=build, search=Search(**said))


def grouped_spec(build: Any = build_pipeline) -> ModelSpec:  # noqa: ANN401 - an estimator of any kind
    """The sample model with one pipeline for each depot."""
    return replace(searched_spec(build), by=("depot",), fewest=30)
