"""Many small models in one go: the groups' rows are found once, and processes fit them side by side.

A worker maps the rows into its memory and finds the groups itself, so a call names groups and carries no data. The
largest are handed out first, or the last one would be waited for alone. One thread a fit: the same model comes out
wherever it is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from modelyard.errors import InvalidModelError
from modelyard.models.features import feature_frame
from modelyard.models.interface import Model, new_model
from modelyard.models.preparing import LABEL, label_values
from modelyard.models.spec import ModelSpec
from modelyard_steps.groups import ByGroup, group_rows
from modelyard_training.search.triers import Declared, Means, mapped_rows
from modelyard_training.search.trying import one_thread
from modelyard_training.search.workers import Lost, Workers

if TYPE_CHECKING:
    import polars as pl

WORTHWHILE = 15.0
"""Seconds of fitting below which processes cost more to start than they save."""
_SHARES = 6
"""Calls a worker gets, so that all end at about the same time."""
_SECONDS = 3600.0
_POOL = ""


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a worker fits from."""

    features: pl.DataFrame
    labels: Any
    groups: Mapping[str, Any]


def fit_groups(
    spec: ModelSpec, parameters: Mapping[str, Any], rows: pl.DataFrame, *, means: Means, seconds: float
) -> Model:
    """A grouped model with these parameters that has learned from these rows.

    Args:
        spec: The declaration.
        parameters: Of every group's pipeline.
        rows: Prepared rows.
        means: How many processes there are for it.
        seconds: How long it is expected to take in one process, which decides whether processes are worth while.

    Raises:
        InvalidModelError: a worker died over a group.
    """
    model = new_model(spec, parameters)
    if means.workers < 2 or means.declared is None or seconds < WORTHWHILE:  # noqa: PLR2004 - one would save nothing
        with one_thread():
            return model.fit(rows, label_values(rows))
    features, labels = feature_frame(rows, spec.features), label_values(rows)
    ready = model.pipeline.ready(features, labels)
    sizes = {_POOL: rows.height, **{key: len(found) for key, found in ready.items()}}
    fitted: dict[str, Any] = {}
    with TemporaryDirectory(prefix="modelyard-groups-") as folder:
        file = Path(folder) / "rows.arrow"
        rows.rechunk().write_ipc(file, compression="uncompressed")
        workshop = partial(_open, means.declared, file, dict(parameters))
        with Workers(means.workers, workshop, seconds=_SECONDS) as workers:
            calls = shares_of(sizes, means.workers * _SHARES)
            for place, answer in workers.answers(calls):
                if isinstance(answer, Lost):
                    raise InvalidModelError(
                        f"model {spec.name}: fitting groups {', '.join(calls[place][:3])}… ended: {answer.why}",
                        hint="train on fewer rows, or on a machine with more memory",
                    )
                fitted |= answer
    pool = fitted.pop(_POOL)
    model.pipeline.take(pool, fitted)
    return model


def shares_of(sizes: Mapping[str, int], count: int) -> list[list[str]]:
    """The groups in shares of about equally many rows, the heaviest share first."""
    shares: list[list[str]] = [[] for _ in range(min(count, len(sizes)))]
    weights = [0] * len(shares)
    for key in sorted(sizes, key=lambda one: (-sizes[one], one)):
        lightest = int(np.argmin(weights))
        shares[lightest].append(key)
        weights[lightest] += sizes[key]
    order = sorted(range(len(shares)), key=lambda one: -weights[one])
    return [shares[place] for place in order]


def _open(declared: Declared, file: Path, parameters: Mapping[str, Any]) -> Callable[[Sequence[str]], dict[str, Any]]:
    spec, rows = declared(), mapped_rows(file)
    features = feature_frame(rows, spec.features)
    found = _Rows(features, rows.get_column(LABEL).to_numpy(), group_rows(features, spec.by))
    return partial(_fit, new_model(spec, parameters).pipeline, found)


def _fit(estimator: ByGroup, rows: _Rows, keys: Sequence[str]) -> dict[str, Any]:
    return {
        key: estimator.fit_group(rows.features, rows.labels, rows.groups[key])
        if key != _POOL
        else estimator.fit_pool(rows.features, rows.labels)
        for key in keys
    }
