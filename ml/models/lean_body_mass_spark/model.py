"""The lean body mass of athletes as a Spark ML pipeline: Transformers and an Estimator, the same interface."""

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
    """The pipeline: Transformers that give each sex its own line, and a linear regression as the Estimator."""
    from pyspark.ml import Pipeline, feature
    from pyspark.ml.regression import LinearRegression

    steps: list[Any] = [
        feature.StringIndexer(
            inputCol="sex", outputCol="sex_index", stringOrderType="alphabetAsc", handleInvalid="keep"
        ),
        feature.OneHotEncoder(inputCol="sex_index", outputCol="sexes"),
        feature.VectorSlicer(inputCol="sexes", outputCol="man", indices=[1]),
        feature.VectorAssembler(inputCols=NUMBERS, outputCol="numbers"),
        feature.Interaction(inputCols=["man", "numbers"], outputCol="numbers_of_men"),
        feature.VectorAssembler(inputCols=["numbers", "man", "numbers_of_men"], outputCol="features"),
    ]
    estimator = LinearRegression(regParam=float(parameters.get("ridge", 0.0)), solver="normal")
    return Pipeline(stages=[*steps, estimator])


MODEL = ModelSpec(
    name="lean_body_mass_spark",
    purpose="athletes",
    description="The lean body mass of an athlete, in kilograms, by Spark ML.",
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
    flavour="spark",
    build=build,
    search=Search(space={"ridge": Choices((0.0, 0.1))}, metric="rmse", trials=2, sampler="grid"),
    thresholds=(Threshold(metric="r2", at_least=0.85), Threshold(metric="rmse", at_most=5.0)),
    metric="rmse",
    slices=("sex",),
    floors=(Floor(column="sex", metric="rmse", at_most=6.0, fewest=15),),
    believable=0.995,
    owner="sports-medicine",
    risk="limited",
)
