"""The steps that are understood: each says what it makes of its columns, from what it has learned."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from modelyard_serving.plans.columns import Column, then, then_each
from modelyard_serving.plans.features import Features
from modelyard_serving.plans.plan import NotUnderstoodError, type_name, understand

Columns = list[Column]
Step = Callable[[Any, Columns, Features], Columns]

_FUNCTIONS = ("log1p", "expm1", "sqrt")


def transform(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    """What a fitted step makes of `columns`.

    Raises:
        NotUnderstoodError: The step, or one of its settings, is not known here.
    """
    if step is None or isinstance(step, str):
        understand(step in (None, "passthrough"), f"the step {step!r}")
        return columns
    known = STEPS.get(type_name(step))
    if known is None:
        raise NotUnderstoodError(f"the step {type_name(step)}")
    return known(step, columns, features)


def enter(pipeline: Any, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    """The columns that a pipeline takes: the features, in the order in which it was fitted."""
    names = getattr(pipeline, "feature_names_in_", None)
    if names is None:
        # Then scikit-learn takes the columns as they come, which is the signature's order.
        understand(pipeline.n_features_in_ == len(features.features), "a pipeline of another number of features")
        names = [feature.name for feature in features.features]
    return [features.column(name) for name in names]


def _pipeline(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    for _, inner in step.steps:
        columns = transform(inner, columns, features)
    return columns


def _by_column(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    understand(step.transformer_weights is None, "weights of columns")
    made: Columns = []
    for name, inner, _ in step.transformers_:
        taken = [columns[place] for place in step._transformer_to_input_indices[name]]
        if (isinstance(inner, str) and inner == "drop") or not taken:
            continue
        place = step.output_indices_[name]
        found = transform(inner, taken, features)
        understand((place.start, place.stop) == (len(made), len(made) + len(found)), f"the order of {name}")
        made += found
    return made


def _imputer(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401, ARG001 - no types in scikit-learn; all steps are called alike
    understand(isinstance(step.missing_values, float) and np.isnan(step.missing_values), "another sign for null")
    fills = [float(value) for value in step.statistics_]
    understand(not np.isnan(fills).any(), "a column that had no value in training")
    marked = () if step.indicator_ is None else step.indicator_.features_
    return [*then_each(columns, "fill", fills), *(then(columns[place], "missing") for place in marked)]


def _scaler(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401, ARG001 - no types in scikit-learn; all steps are called alike
    if step.mean_ is not None and step.with_mean:
        columns = then_each(columns, "center", step.mean_)
    return columns if step.scale_ is None else then_each(columns, "scale", step.scale_)


def _one_hot(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    understand(step.handle_unknown == "ignore", f"handle_unknown={step.handle_unknown!r}")
    understand(step.min_frequency is None and step.max_categories is None, "rare categories together")
    dropped: Sequence[object] = [None] * len(columns) if step.drop_idx_ is None else step.drop_idx_
    widths = [len(known) - (one is not None) for known, one in zip(step.categories_, dropped, strict=True)]
    return features.tables(step, columns, widths)


def _encoder(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    understand(getattr(step, "target_type_", "binary") in ("binary", "continuous"), "a target of several classes")
    return features.tables(step, columns, [1] * len(columns))


def _cyclic(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401, ARG001 - no types in scikit-learn; all steps are called alike
    turn = 2 * np.pi / step.period
    return [then(column, wave, turn) for column in columns for wave in ("sine", "cosine")]


def _clipper(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401, ARG001 - no types in scikit-learn; all steps are called alike
    return then_each(columns, "clip", step.lower_bounds_, step.upper_bounds_)


def _function(step: Any, columns: Columns, features: Features) -> Columns:  # noqa: ANN401 - scikit-learn has no types
    if step.func is None:
        return columns
    understand(not step.kw_args, "arguments of a function")
    # numpy answers for booleans with numbers of 16 bits.
    booleans = [column for column in columns if features.features[column.source].kind == "boolean"]
    understand(not booleans, "a function of a boolean")
    for name in _FUNCTIONS:
        if step.func is getattr(np, name):
            return then_each(columns, name)
    raise NotUnderstoodError(f"the function {step.func!r}")


STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "sklearn.pipeline.Pipeline": _pipeline,
        "sklearn.compose._column_transformer.ColumnTransformer": _by_column,
        "sklearn.impute._base.SimpleImputer": _imputer,
        "sklearn.preprocessing._data.StandardScaler": _scaler,
        "sklearn.preprocessing._encoders.OneHotEncoder": _one_hot,
        "sklearn.preprocessing._encoders.OrdinalEncoder": _encoder,
        "sklearn.preprocessing._target_encoder.TargetEncoder": _encoder,
        "sklearn.preprocessing._function_transformer.FunctionTransformer": _function,
        "modelyard_steps.cyclic.CyclicEncoder": _cyclic,
        "modelyard_steps.outliers.OutlierClipper": _clipper,
    }
)
"""By the full name of the type, as the platform's list of trusted types has it. A subclass is another type."""
