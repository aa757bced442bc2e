"""From a fitted pipeline to a plan, if everything in it is understood."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from modelyard_bundle import Signature
from modelyard_serving.plans.columns import Column
from modelyard_serving.plans.features import Features
from modelyard_serving.plans.groups import by_group
from modelyard_serving.plans.linear import linear, logistic
from modelyard_serving.plans.plan import NotUnderstood, NotUnderstoodError, Plan, Predictor, type_name, understand
from modelyard_serving.plans.steps import enter, transform
from modelyard_serving.plans.trees import boosting, forest, tree

_BOOSTING = "sklearn.ensemble._hist_gradient_boosting.gradient_boosting"
_PIPELINE = "sklearn.pipeline.Pipeline"
_GROUPS = "modelyard_steps.groups.ByGroup"


@dataclass(frozen=True, slots=True)
class _Estimator:
    """An estimator that is understood."""

    name: str
    binary: bool
    compile: Callable[[Any, Sequence[Column], Features], Predictor]


ESTIMATORS: Mapping[str, _Estimator] = MappingProxyType(
    {
        "sklearn.linear_model._base.LinearRegression": _Estimator("linear", False, linear),
        "sklearn.linear_model._ridge.Ridge": _Estimator("linear", False, linear),
        "sklearn.linear_model._logistic.LogisticRegression": _Estimator("logistic", True, logistic),
        "sklearn.tree._classes.DecisionTreeClassifier": _Estimator("tree", True, tree),
        "sklearn.tree._classes.DecisionTreeRegressor": _Estimator("tree", False, tree),
        "sklearn.ensemble._forest.RandomForestClassifier": _Estimator("forest", True, forest),
        "sklearn.ensemble._forest.RandomForestRegressor": _Estimator("forest", False, forest),
        f"{_BOOSTING}.HistGradientBoostingClassifier": _Estimator("boosting", True, boosting),
        f"{_BOOSTING}.HistGradientBoostingRegressor": _Estimator("boosting", False, boosting),
    }
)
"""By the full name of the type. A subclass is another type."""


def compile_plan(pipeline: object, signature: Signature) -> Plan | None:
    """The plan of a fitted pipeline; none where it holds anything that is not understood.

    Args:
        pipeline: As loaded, after its trees were checked: the plan walks them without looking.
        signature: Its features are the columns of the plan's input.
    """
    found = study(pipeline, signature)
    return found if isinstance(found, Plan) else None


def study(pipeline: object, signature: Signature) -> Plan | NotUnderstood:
    """The plan of a fitted pipeline, or why there is none."""
    try:
        features = Features.of(signature, pipeline)
        name, predictor = _read(pipeline, features, binary=signature.task == "binary")
    except NotUnderstoodError as error:
        return NotUnderstood(str(error))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A fitted object that looks other than expected, in whatever way, is one that is not understood.
        return NotUnderstood(f"{type(error).__name__}: {error}")
    return Plan(name=name, vocabularies=features.vocabularies, predictor=predictor)


def _read(pipeline: Any, features: Features, *, binary: bool) -> tuple[str, Predictor]:  # noqa: ANN401 - scikit-learn has no types
    if type_name(pipeline) == _GROUPS:
        return by_group(pipeline, features, lambda part: _read(part, features, binary=binary)[1])
    columns = enter(pipeline, features)
    estimator = pipeline
    while type_name(estimator) == _PIPELINE:
        for _, step in estimator.steps[:-1]:
            columns = transform(step, columns, features)
        estimator = estimator.steps[-1][1]
    known = ESTIMATORS.get(type_name(estimator))
    if known is None:
        raise NotUnderstoodError(f"the estimator {type_name(estimator)}")
    understand(known.binary == binary, f"the estimator {type_name(estimator)} for another task")
    return known.name, known.compile(estimator, columns, features)
