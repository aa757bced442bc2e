"""Does a flight arrive more than 15 minutes late? Answered before it departs."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from modelyard.models.features import category, integer, number
from modelyard.models.searching import Dimension, Floats, Integers, Search
from modelyard.models.spec import ModelSpec, Threshold
from modelyard.models.splitting import TimeSplit
from modelyard_bundle.signature import Output

CLOCKS = ["scheduled_departure_minute_of_day", "scheduled_arrival_minute_of_day"]
PLAN = ["month", "day", "distance_miles", "aircraft_age_years", "seats"]
WEATHER = ["temperature_fahrenheit", "dew_point_fahrenheit", "relative_humidity_percent", "pressure_millibars"]
WEATHER += ["wind_speed_mph", "wind_gust_mph", "precipitation_inches", "visibility_miles"]
ROUTE = ["carrier", "origin", "destination"]
AFTERWARDS = ["departure_clock", "departure_delay_minutes", "arrival_clock", "arrival_delay_minutes", "cancelled"]


def build(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The pipeline: columns by name, outliers, cyclic features, encoder, estimator."""
    from sklearn import compose, ensemble, model_selection, pipeline, preprocessing

    from modelyard_steps import CyclicEncoder, OutlierClipper

    chosen, seed = {name: value for name, value in parameters.items() if name != "seed"}, parameters["seed"]
    folds = model_selection.StratifiedKFold(5, shuffle=True, random_state=seed)
    steps = [
        ("plan", "passthrough", CLOCKS + PLAN),
        ("clocks", CyclicEncoder(period=24 * 60), CLOCKS),
        ("weather", OutlierClipper(), WEATHER),
        ("route", preprocessing.TargetEncoder(target_type="binary", cv=folds), ROUTE),
    ]
    estimator = ensemble.HistGradientBoostingClassifier(random_state=seed, early_stopping=False, **chosen)
    return pipeline.Pipeline([("columns", compose.ColumnTransformer(steps)), ("estimator", estimator)])


SPACE: dict[str, Dimension] = {"learning_rate": Floats(0.03, 0.2, log=True), "max_iter": Integers(40, 120)}
SPACE |= {"max_leaf_nodes": Integers(8, 48, log=True), "min_samples_leaf": Integers(20, 400, log=True)}

MODEL = ModelSpec(
    name="flight_delay",
    purpose="flight_delay",
    description="The probability that a flight from New York arrives more than 15 minutes late.",
    target=pl.col("arrival_delay_minutes").gt(15),
    output=Output(name="late", kind="probability", labels=("on time", "late"), threshold=0.5),
    features=(
        *(integer(name, "minutes since midnight, local time") for name in CLOCKS),
        *(integer(name, optional=name in ("aircraft_age_years", "seats")) for name in PLAN),
        *(number(name, "at the origin, in the scheduled hour", optional=True) for name in WEATHER),
        *(category(name) for name in ROUTE),
    ),
    forbidden=(*AFTERWARDS, "air_time_minutes"),
    split=TimeSplit(column="scheduled_hour", timezone="America/New_York"),
    build=build,
    search=Search(space=SPACE, metric="log_loss", trials=10, seconds=60, rows=40_000),
    thresholds=(Threshold(metric="roc_auc", at_least=0.62), Threshold(metric="brier_skill", at_least=0.0)),
    metric="roc_auc",
    slices=("origin", "carrier"),
    owner="flight-operations",
    risk="minimal",
)
