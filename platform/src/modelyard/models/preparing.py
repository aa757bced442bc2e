"""From a CURATED table to rows that a model can learn from: checked columns, labels, features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from modelyard.errors import DataNotReadyError, InvalidModelError
from modelyard.models.features import feature_frame, seen_features
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import Parts, split_rows
from modelyard_bundle.signature import Signature

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

LABEL = "_label"
"""The column that holds the label, as a number."""


def labelled_rows(spec: ModelSpec, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with a label, in the order of the split: what training reads, and the label as a number in `LABEL`.

    Raises:
        InvalidModelError: a column is missing, or of another type.
        DataNotReadyError: a feature that is not optional is missing in some rows, or there is one class only.
    """
    import polars as pl

    _check_columns(spec, frame)
    wanted = [column for column in spec.columns if column not in spec.feature_names]
    try:
        features = feature_frame(frame, spec.features)
        labels = frame.select(spec.target.cast(pl.Float64).alias(LABEL))
    except pl.exceptions.PolarsError as error:
        raise InvalidModelError(
            f"model {spec.name}: the table's types are not those declared: {error}",
            hint=f"change the kinds of features in ml/models/{spec.name}/model.py",
        ) from error
    rows = pl.concat([features, frame.select(wanted), labels], how="horizontal").filter(pl.col(LABEL).is_not_null())
    _check_rows(spec, rows)
    # A table's files come in any order, and an estimator may depend on it: the same rows give the same model.
    return rows.sort(*spec.split.columns, *spec.feature_names, LABEL)


def labelled_parts(spec: ModelSpec, frame: pl.DataFrame, *, data_versions: Mapping[str, int]) -> Parts:
    """Train, validation and test of a CURATED table, each with labels.

    The frozen rows are those of the table itself, so that they can be found in it again: the ones without a label
    count as well.

    Raises:
        InvalidModelError: a column is missing, or of another type.
        DataNotReadyError: there are too few periods, or a part holds too little to learn from or to judge by.
    """
    _check_columns(spec, frame)
    parts = split_rows(frame.select(spec.columns), spec.split, data_versions=data_versions)
    train = labelled_rows(spec, parts.train)
    _check_values(spec, train)
    return replace(
        parts,
        train=train,
        validation=labelled_rows(spec, parts.validation),
        test=labelled_rows(spec, parts.test),
    )


def label_values(rows: pl.DataFrame) -> NDArray[np.float64]:
    """The labels of prepared rows."""
    values: NDArray[np.float64] = rows.get_column(LABEL).to_numpy()
    return values


def signature_of(spec: ModelSpec, rows: pl.DataFrame) -> Signature:
    """What the model takes and gives, with the ranges and categories that `rows` hold."""
    features = seen_features(feature_frame(rows, spec.features), spec.features)
    return Signature(model=spec.name, task=spec.task, features=features, output=spec.output)


def _check_columns(spec: ModelSpec, frame: pl.DataFrame) -> None:
    missing = [column for column in spec.columns if column not in frame.columns]
    if missing:
        raise InvalidModelError(
            f"model {spec.name} reads {', '.join(missing)}, which CURATED/{spec.purpose} does not have; "
            f"it has {', '.join(frame.columns)}",
            hint=f"change ml/models/{spec.name}/model.py, or what the purpose joins",
        )


def _check_values(spec: ModelSpec, train: pl.DataFrame) -> None:
    """What is missing in every row that is learned from was lost on the way; some estimators stumble over it late."""
    for feature in spec.features:
        if train.get_column(feature.name).null_count() == train.height:
            raise DataNotReadyError(
                f"{feature.name} has no value in any of the {train.height} rows that {spec.name} would learn from",
                hint=f"find out where the values got lost, or take it out of ml/models/{spec.name}/model.py",
            )


def _check_rows(spec: ModelSpec, rows: pl.DataFrame) -> None:
    if rows.is_empty():
        raise DataNotReadyError(f"CURATED/{spec.purpose} has no row with a label for model {spec.name}")
    for feature in spec.features:
        gaps = rows.get_column(feature.name).null_count()
        if gaps and not feature.nullable:
            raise DataNotReadyError(
                f"{feature.name} is missing in {gaps} of {rows.height} rows, but model {spec.name} needs it",
                hint=f"declare {feature.name} as optional, or find out where the values got lost",
            )
    if spec.task == "binary" and rows.get_column(LABEL).n_unique() == 1:
        raise DataNotReadyError(f"every label of model {spec.name} is the same, so there is nothing to learn")
