"""Does a flight arrive more than 15 minutes late? Answered by one small model per route, trained in one go."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from modelyard.models.features import category, integer, number
from modelyard.models.searching import Choices, Search
from modelyard.models.spec import ModelSpec, Threshold
from modelyard.models.splitting import TimeSplit
from modelyard_bundle.signature import Output

CLOCK = ["scheduled_departure_minute_of_day"]
WEATHER = ["relative_humidity_percent", "pressure_millibars", "wind_speed_mph", "precipitation_inches"]
AFTERWARDS = ["departure_clock", "departure_delay_minutes", "arrival_clock", "arrival_delay_minutes", "cancelled"]


def build(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an estimator of any kind
    """One route's pipeline: the clock, the weather, the carrier, and a logistic regression."""
    from sklearn import compose, impute, linear_model, pipeline, preprocessing

    gaps, scale = impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler()
    filled = pipeline.Pipeline([("gaps", gaps), ("scale", scale)])
    carriers = preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    steps = [("numbers", filled, CLOCK + WEATHER), ("carriers", carriers, ["carrier"])]
    estimator = linear_model.LogisticRegression(C=float(parameters.get("strength", 0.1)), max_iter=500)
    return pipeline.Pipeline([("columns", compose.ColumnTransformer(steps)), ("estimator", estimator)])


MODEL = ModelSpec(
    name="route_delay",
    purpose="flight_delay",
    description="The probability that a flight arrives more than 15 minutes late, by a model of its route.",
    target=pl.col("arrival_delay_minutes").gt(15),
    output=Output(name="late", kind="probability", labels=("on time", "late"), threshold=0.5),
    features=(
        *(integer(name, "minutes since midnight, local time") for name in CLOCK),
        *(number(name, "at the origin, in the scheduled hour", optional=True) for name in WEATHER),
        *(category(name) for name in ("carrier", "origin", "destination")),
    ),
    forbidden=(*AFTERWARDS, "air_time_minutes"),
    split=TimeSplit(column="scheduled_hour", timezone="America/New_York"),
    by=("origin", "destination"),
    fewest=200,
    build=build,
    search=Search(space={"strength": Choices((0.01, 0.1))}, metric="log_loss", trials=2, sampler="grid", rows=20_000),
    thresholds=(Threshold(metric="roc_auc", at_least=0.58),),
    metric="roc_auc",
    slices=("origin", "carrier"),
    owner="flight-operations",
    risk="minimal",
)
