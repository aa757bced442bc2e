"""What is looked at before anything is learned: features that say nothing, and features that say too much."""

from __future__ import annotations

from modelyard.errors import InvalidModelError
from modelyard.models.leakage import too_good_features
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import Parts
from modelyard_training.learning import Progress, thinned

LOOKED_AT = 20_000
"""Rows that a leak is looked for in: enough, since a leak shows in every row."""


def check_inputs(spec: ModelSpec, parts: Parts, *, progress: Progress) -> None:
    """Refuse what says too much, and note what says nothing.

    A feature with one value only is noted and no more: a young table may hold one month.

    Raises:
        InvalidModelError: a feature alone nearly tells the label.
    """
    for feature in spec.features:
        values = parts.train.get_column(feature.name)
        if values.drop_nulls().n_unique() == 1 and not values.null_count():
            progress(f"note: {feature.name} has one value only in the training rows, so nothing is learned from it")
    _refuse_leaks(spec, parts)


def _refuse_leaks(spec: ModelSpec, parts: Parts) -> None:
    found = too_good_features(spec, thinned(parts.train, LOOKED_AT))
    if found:
        said = ", ".join(f"{name} ({skill:.3f})" for name, skill in found.items())
        raise InvalidModelError(
            f"model {spec.name}: each of these features alone nearly tells the label: {said}; "
            f"believable is {spec.believable:g}",
            hint=f"name it as forbidden in ml/models/{spec.name}/model.py, or raise believable if that is how it is; "
            f"then run modelyard model check {spec.name}",
        )
