"""What is looked at before anything is learned: features that say nothing, and features that say too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from modelyard.errors import InvalidModelError
from modelyard.models.features import feature_frame
from modelyard.models.leakage import too_good_features
from modelyard.models.preparing import label_values
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import Parts
from modelyard_steps.groups import SEPARATOR, ByGroup, group_rows
from modelyard_training.learning import Progress, thinned

if TYPE_CHECKING:
    import polars as pl

SHOWN = 5
"""Groups that are named in a line."""
LOOKED_AT = 20_000
"""Rows that a leak is looked for in: enough, since a leak shows in every row."""


def check_inputs(spec: ModelSpec, parts: Parts, *, progress: Progress) -> None:
    """Refuse what says too much, and note what says nothing.

    A feature with one value only is noted and no more: a young table may hold one month. Within a group it is noted
    likewise; a group without any value of a feature is left to the pooled model, and that is noted too.

    Raises:
        InvalidModelError: a feature alone nearly tells the label.
    """
    for feature in spec.features:
        values = parts.train.get_column(feature.name)
        if values.drop_nulls().n_unique() == 1 and not values.null_count():
            progress(f"note: {feature.name} has one value only in the training rows, so nothing is learned from it")
    for line in _of_groups(spec, parts.train) if spec.by else ():
        progress(line)
    _refuse_leaks(spec, parts)


def _of_groups(spec: ModelSpec, rows: pl.DataFrame) -> Iterator[str]:
    """What is special about some groups, one line a reason or feature."""
    features = feature_frame(rows, spec.features)
    pooled = ByGroup(by=spec.by, fewest=spec.fewest).pooled(features, label_values(rows))
    for reason in sorted(set(pooled.values())):
        left = [key for key, why in pooled.items() if why == reason]
        yield f"note: left to the pooled model, {_named(left)}: {reason}"
    own = {key: found for key, found in group_rows(features, spec.by).items() if key not in pooled}
    for name in (one for one in spec.feature_names if one not in spec.by):
        values = features.get_column(name)
        still = [key for key, found in own.items() if values[found].drop_nulls().n_unique() == 1]
        if still and values.drop_nulls().n_unique() > 1:
            yield f"note: {name} has one value only in {_named(still)}, so nothing is learned from it there"


def _named(groups: Sequence[str]) -> str:
    """How many groups, and which, if they are few."""
    shown = [group.replace(SEPARATOR, " ") or "(none)" for group in groups[:SHOWN]]
    more = f" and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    return f"{len(groups)} group{'' if len(groups) == 1 else 's'} ({', '.join(shown)}{more})"


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
