"""What is written beside a model for others to read: how it was searched for, and what each of its groups is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from modelyard.evaluation.resampling import prepare_metric, resampled_metrics
from modelyard.models.digests import group_digests
from modelyard.models.features import feature_frame
from modelyard.models.preparing import label_values
from modelyard_steps.groups import SEPARATOR, ByGroup, group_rows
from modelyard_training.fitting import TrainedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEARCH_FILE = "search.json"
GROUPS_FILE = "groups.json"


def documents_of(trained: TrainedModel, content: bytes) -> dict[str, bytes]:
    """The documents by file name.

    Args:
        trained: The model.
        content: The bytes of its model.skops, from which the groups' digests come; not read for other models.
    """
    found = {SEARCH_FILE: search_document(trained)}
    if isinstance(trained.model.pipeline, ByGroup):
        found[GROUPS_FILE] = groups_document(trained, trained.model.pipeline, content)
    return {name: json.dumps(document, indent=1).encode() for name, document in found.items()}


def search_document(trained: TrainedModel) -> dict[str, Any]:
    """Everything that decided the search, and every trial: enough to run it again and get the same."""
    found, declared = trained.search, trained.spec.search
    return {
        "sampler": declared.sampler,
        "metric": found.metric,
        "together": declared.together,
        "folds": declared.folds,
        "rows": found.rows,
        "first": [dict(one) for one in found.first],
        "warm": [dict(one) for one in found.warm],
        "best": dict(found.best),
        "value": found.value if math.isfinite(found.value) else None,
        "out_of_time": found.out_of_time,
        "trials": [{**asdict(trial), "parameters": dict(trial.parameters)} for trial in found.trials],
    }


def groups_document(trained: TrainedModel, pipeline: ByGroup, content: bytes) -> dict[str, Any]:
    """Every group of the rows: which pipeline answers for it and why, on how many rows it rests, how good it is."""
    spec, digests = trained.spec, group_digests(content)
    rows = {part: group_rows(getattr(trained.parts, part), spec.by) for part in ("train", "validation", "test")}
    keys = sorted({key for found in rows.values() for key in found})
    labels, scores = label_values(trained.parts.validation), trained.validation_scores
    nothing = np.array([], dtype=np.int64)
    learned = trained.learned
    reasons = pipeline.pooled(feature_frame(learned, spec.features), label_values(learned))

    def group(key: str) -> dict[str, Any]:
        own = key in pipeline.groups_
        judged = rows["validation"].get(key, nothing)
        return {
            "values": dict(zip(spec.by, key.split(SEPARATOR), strict=True)),
            "pipeline": "own" if own else "pooled",
            "because": "" if own else reasons.get(key, "not among the rows that were learned from"),
            "digest": digests[key if own else ""],
            "rows": {part: len(found.get(key, nothing)) for part, found in rows.items()},
            "metrics": _metrics(spec.metric, labels[judged], scores[judged]),
        }

    pooled = {"digest": digests[""], "rows": trained.parts.train.height}
    return {"by": list(spec.by), "fewest": spec.fewest, "pooled": pooled, "groups": [group(key) for key in keys]}


def _metrics(metric: str, labels: NDArray[np.float64], scores: NDArray[np.float64]) -> Mapping[str, float | None]:
    """The metric on a group's validation rows; none where it is not defined on them."""
    if metric not in resampled_metrics() or not len(labels):
        return {metric: None}
    value = prepare_metric(metric, labels, scores)(np.ones(len(labels), dtype=np.int64))
    return {metric: value if math.isfinite(value) else None}
