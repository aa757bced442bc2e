"""A small model and its table, for tests: quick to learn, with a signal, a gap, and rows without a label."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from modelyard.models.features import category, number
from modelyard.models.searching import Floats, Search
from modelyard.models.spec import ModelSpec, Threshold
from modelyard.models.splitting import TimeSplit
from modelyard_bundle.signature import Output

if TYPE_CHECKING:
    import polars as pl

PURPOSE = "parcels"


def sample_frame(*, months: int = 6, rows: int = 1200, seed: int = 0) -> pl.DataFrame:
    """A table of parcels from 2013 on: when, how heavy, how far, from where, and how many hours late."""
    import polars as pl

    generator = np.random.default_rng(seed)
    start = datetime(2013, 1, 1)  # noqa: DTZ001 - a column without a time zone is a case of its own
    end = datetime(2013 + months // 12, months % 12 + 1, 1)  # noqa: DTZ001
    hours = np.linspace(0, (end - start) / timedelta(hours=1) - 1, rows)
    weight, distance = generator.gamma(2, 2, rows), generator.uniform(10, 900, rows)
    depot = generator.choice(["north", "south", "harbour"], rows)
    late = weight + distance / 100 + 2 * (depot == "harbour") + generator.normal(0, 3, rows) - 9
    known = generator.random(rows)
    return pl.DataFrame(
        {
            "sent_at": [start + timedelta(hours=float(hour)) for hour in hours],
            "weight": [float(value) if gap > 0.05 else None for value, gap in zip(weight, known, strict=True)],  # noqa: PLR2004
            "distance": distance,
            "depot": depot,
            "hours_late": [float(value) if gap < 0.98 else None for value, gap in zip(late, known, strict=True)],  # noqa: PLR2004
            "received_at": [start + timedelta(hours=float(hour + 48)) for hour in hours],
        }
    )


def build_pipeline(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Scaled numbers, encoded words, a logistic regression."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = Pipeline([("gaps", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", numbers, ["weight", "distance"]), ("words", words, ["depot"])])
    estimator = LogisticRegression(C=float(parameters.get("strength", 1.0)), random_state=parameters["seed"])
    return Pipeline([("columns", columns), ("estimator", estimator)])


def sample_spec(**changes: Any) -> ModelSpec:  # noqa: ANN401
    """The declaration of the model `parcel_delay`, with some of it changed."""
    import polars as pl

    declared: dict[str, Any] = {
        "name": "parcel_delay",
        "purpose": PURPOSE,
        "description": "Is a parcel late?",
        "target": pl.col("hours_late") > 0,
        "output": Output(name="late", kind="probability", labels=("on time", "late"), threshold=0.5),
        "features": (number("weight", "kg", optional=True), number("distance", "km"), category("depot")),
        "forbidden": ("hours_late", "received_at"),
        "split": TimeSplit(column="sent_at"),
        "build": build_pipeline,
        "search": Search(space={"strength": Floats(0.01, 10, log=True)}, metric="roc_auc", trials=3, rows=500),
        "thresholds": (Threshold(metric="roc_auc", at_least=0.6),),
        "metric": "roc_auc",
        "slices": ("depot",),
        "owner": "parcels",
        "risk": "minimal",
    }
    return ModelSpec(**{**declared, **changes})
