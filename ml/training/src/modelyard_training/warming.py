"""Warm starts: a search begins with what was best before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from modelyard.evaluation.metrics import LOWER_IS_BETTER
from modelyard.models.searching import Parameters, fits
from modelyard.models.spec import ModelSpec
from modelyard.registry.registry import ModelRegistry


class Searches(Protocol):
    """Remembers how versions were searched for."""

    def searched(self, run_id: str) -> Mapping[str, Any] | None:
        """The search of a run, as `search.json` has it; none where the run kept none."""


def past_best(spec: ModelSpec, registry: ModelRegistry, searches: Searches) -> tuple[Parameters, ...]:
    """The parameters of the best version so far, if the declared space still holds them.

    Versions may have been measured on other rows, so the best of them is a good place to begin and no more than that.
    """
    sign = -1 if spec.metric in LOWER_IS_BETTER else 1
    known = [version for version in registry.versions(spec.name) if spec.metric in version.metrics]
    if not known:
        return ()
    best = max(known, key=lambda version: sign * version.metrics[spec.metric])
    found = searches.searched(best.run_id)
    if found is None:
        return ()
    parameters = {name: value for name, value in found["best"].items() if name != "seed"}
    return (parameters,) if parameters and fits(spec.search.space, parameters) else ()
