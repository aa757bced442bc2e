"""Two hundred small models fitted, validated and registered: one grouped training, against a loop over groups."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figure, Sample, compared
from lakes import DifferentOutcomeError
from processes import say

if TYPE_CHECKING:
    import polars as pl

    from modelyard.models.spec import ModelSpec

GROUPS = 200
ROWS = 150
"""Rows a group, over six months."""
LOOPED = 25
"""So many groups the loop is measured over; its cost a group does not depend on how many there are."""
GOAL = 5.0
WHAT = (
    f"{GROUPS} small pipelines fitted, validated, refitted and registered on the same MLflow server: one grouped "
    f"training, against fit, validate and mlflow.sklearn.log_model in a loop ({LOOPED} groups measured, scaled)"
)
NUMBERS = ["weight", "distance"]


def measure(work: Path, *, runs: int) -> Figure:
    """The figure: both sides in turn on one server, predictions compared."""
    from modelyard.testing.tracking_server import tracking_server

    ours: list[Sample] = []
    loop: list[Sample] = []
    slopes: list[float] = []
    (work / "mlflow").mkdir()
    with tracking_server(work / "mlflow") as address:
        for pair in range(runs + 1):
            frame = table(GROUPS, seed=pair)
            seconds, model = _grouped(address, work, frame, name=f"many_{pair}")
            others, each = _loop(address, frame, name=f"loop_{pair}")
            _same(model, each, frame)
            say(f"  pair {pair}: ours {seconds:.1f} s, loop {others:.1f} s")
            if pair:  # the first pair warms caches and the server
                ours.append(Sample(seconds))
                loop.append(Sample(others))
                slopes.append(_slope(address, work, pair))
    facts = {
        "marginal seconds of models 101 to 200, over those of models 2 to 100": round(statistics.median(slopes), 3),
        "rows": GROUPS * ROWS,
        "declaration lines for the 101st model": 0,
    }
    return compared("many-models", WHAT, ours, loop, goal=GOAL, better="higher", facts=facts)


def table(groups: int, *, seed: int) -> pl.DataFrame:
    """Parcels of many depots over six months; each depot has a line of its own."""
    import polars as pl

    from modelyard.testing.model_fakes import sample_frame

    generator = np.random.default_rng(seed)
    rows = groups * ROWS
    frame = sample_frame(rows=rows, seed=seed).with_columns(
        depot=pl.Series([f"depot {number:03d}" for number in generator.permutation(np.arange(rows) % groups)])
    )
    slopes = {f"depot {number:03d}": float(generator.normal(1, 0.3)) for number in range(groups)}
    late = pl.col("weight").fill_null(4.0) * pl.col("depot").replace_strict(slopes) + pl.col("distance") / 100
    noise = pl.Series(generator.normal(0, 2, rows))
    return frame.with_columns(weight=pl.col("weight").fill_null(4.0), hours_late=late - 9 + noise)


def build(_parameters: Mapping[str, Any]) -> Any:
    """One depot's pipeline; the same on both sides."""
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    columns = ColumnTransformer([("numbers", StandardScaler(), NUMBERS)])
    return Pipeline([("columns", columns), ("estimator", Ridge())])


def declaration(name: str) -> ModelSpec:
    """The grouped model."""
    import polars as pl

    from modelyard.models.searching import Search
    from modelyard.models.spec import Threshold
    from modelyard.testing.model_fakes import sample_spec
    from modelyard_bundle.signature import Output

    return sample_spec(
        name=name,
        task="regression",
        target=pl.col("hours_late"),
        output=Output(name="hours", kind="number"),
        build=build,
        by=("depot",),
        fewest=20,
        search=Search(space={}, metric="rmse", trials=1),
        metric="rmse",
        thresholds=(Threshold(metric="rmse", at_most=10.0),),
    )


def _grouped(address: str, work: Path, frame: pl.DataFrame, *, name: str) -> tuple[float, Any]:
    from modelyard.models.storage import open_model
    from modelyard.registry.mlflow_registry import MlflowRegistry
    from modelyard_training.mlflow_tracker import MlflowTracker
    from modelyard_training.provenance import Provenance
    from modelyard_training.training import train

    registry = MlflowRegistry(address, work / "ledger")
    libraries = {"scikit-learn": "1", "numpy": "2", "skops": "0"}
    started = time.monotonic()
    done = train(
        declaration(name),
        lambda: frame,
        data_versions={"CURATED/parcels": 1},
        source="s" * 64,
        tracker=MlflowTracker(address),
        registry=registry,
        provenance=Provenance(commit="bench", lock="l" * 64, libraries=libraries),
    )
    seconds = time.monotonic() - started
    version = done.version
    return seconds, open_model(registry.download(name, version.version, work / name), digest=version.digest)


def _loop(address: str, frame: pl.DataFrame, *, name: str) -> tuple[float, dict[str, Any]]:
    """What a team writes: for each depot fit, validate, refit, log, register. Requirements are given, not guessed."""
    import mlflow

    from modelyard.models.preparing import label_values, labelled_parts

    mlflow.set_tracking_uri(address)
    mlflow.set_experiment(name)
    parts = labelled_parts(declaration(name), frame, data_versions={})
    depots = sorted(frame.get_column("depot").unique().to_list())[:LOOPED]
    found: dict[str, Any] = {}
    started = time.monotonic()
    for depot in depots:
        train, validation, test = (
            part.filter(part.get_column("depot") == depot) for part in (parts.train, parts.validation, parts.test)
        )
        pipeline = build({}).fit(train, label_values(train))
        scores = {"validation_rmse": _rmse(pipeline, validation)}
        refitted = build({}).fit(train.vstack(validation), label_values(train.vstack(validation)))
        with mlflow.start_run():
            mlflow.log_metrics({**scores, "test_rmse": _rmse(refitted, test)})
            mlflow.sklearn.log_model(
                refitted,
                name="model",
                serialization_format="skops",
                skops_trusted_types=["sklearn.compose._column_transformer._RemainderColsList"],
                pip_requirements=["scikit-learn==1", "numpy==2", "skops==0"],
                registered_model_name=f"{name}-{depot.replace(' ', '-')}",
            )
        found[depot] = refitted
    return (time.monotonic() - started) * GROUPS / LOOPED, found


def _rmse(pipeline: Any, rows: pl.DataFrame) -> float:
    from modelyard.models.preparing import label_values

    return float(np.sqrt(np.mean((label_values(rows) - pipeline.predict(rows)) ** 2)))


def _same(model: Any, each: Mapping[str, Any], frame: pl.DataFrame) -> None:
    """Every depot's pipeline must say the same on both sides."""
    for depot, pipeline in each.items():
        rows = frame.filter(frame.get_column("depot") == depot)
        gap = float(np.abs(model.predict(rows) - pipeline.predict(rows)).max())
        if gap > 1e-9:
            raise DifferentOutcomeError(f"{depot}: predictions differ by {gap}")


def _slope(address: str, work: Path, pair: int) -> float:
    """The cost of one more model after a hundred, over that of one more after the first."""
    found = {}
    for groups in (2, 101, 200):
        frame = table(groups, seed=pair)
        found[groups] = min(
            _grouped(address, work, frame, name=f"slope_{pair}_{groups}_{again}")[0] for again in range(2)
        )
    return ((found[200] - found[101]) / 99) / ((found[101] - found[2]) / 99)
