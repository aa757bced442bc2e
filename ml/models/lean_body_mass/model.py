"""How much of an athlete's weight is lean? A straight line over body mass index and weight, one for each sex."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from modelyard.models.features import category, number
from modelyard.models.searching import Choices, Search
from modelyard.models.spec import Floor, ModelSpec, Threshold
from modelyard.models.splitting import HashSplit
from modelyard_bundle.signature import Output

NUMBERS = ["body_mass_index", "weight_kilograms"]


def build(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """The pipeline: both numbers, and a linear regression with an intercept or without."""
    from sklearn import compose, linear_model, pipeline

    columns = compose.ColumnTransformer([("numbers", "passthrough", NUMBERS)])
    estimator = linear_model.LinearRegression(fit_intercept=bool(parameters.get("fit_intercept", True)))
    return pipeline.Pipeline([("columns", columns), ("estimator", estimator)])


MODEL = ModelSpec(
    name="lean_body_mass",
    purpose="athletes",
    description="The lean body mass of an athlete, in kilograms.",
    target=pl.col("lean_body_mass_kilograms"),
    task="regression",
    output=Output(name="lean_body_mass", kind="number"),
    features=(
        number("body_mass_index", "kg per square metre"),
        number("weight_kilograms", "kg"),
        category("sex", "f or m"),
    ),
    forbidden=("body_fat_percent", "skinfold_sum_millimetres"),
    split=HashSplit(key=("athlete",), validation=0.2, test=0.2),
    by=("sex",),
    fewest=20,
    build=build,
    search=Search(space={"fit_intercept": Choices((True, False))}, metric="rmse", trials=2, sampler="grid", folds=5),
    thresholds=(Threshold(metric="r2", at_least=0.85), Threshold(metric="rmse", at_most=5.0)),
    metric="rmse",
    slices=("sex",),
    floors=(Floor(column="sex", metric="rmse", at_most=6.0, fewest=15),),
    believable=0.995,
    owner="sports-medicine",
    risk="limited",
)
