"""Flights as they could be asked for, pipelines over them, and one comparison of plan and pipeline for all tests."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from modelyard_bundle import Example, Feature, Output, Signature
from modelyard_serving.plans.compiling import study
from modelyard_serving.plans.drawing import as_matrix
from modelyard_serving.plans.plan import NotUnderstood, Plan
from modelyard_serving.plans.proof import Proof, prove

CARRIERS = ("AA", "B6", "DL", "UA", "WN")
ORIGINS = ("EWR", "JFK", "LGA")
WEATHER = ("temperature", "pressure", "wind")


@dataclass(frozen=True)
class Flights:
    """Rows with every kind of feature."""

    seed: int = 0

    def frame(self, rows: int, *, nulls: bool = True, strangers: bool = False) -> pl.DataFrame:
        random = np.random.default_rng(self.seed)
        carriers = [*CARRIERS, "ZZ", ""] if strangers else CARRIERS
        origins = [*ORIGINS, "ZRH"] if strangers else ORIGINS
        frame = pl.DataFrame(
            {
                "temperature": random.normal(10, 8, rows),
                "pressure": random.normal(1013, 5, rows),
                "wind": random.gamma(2, 6, rows),
                "hour": random.integers(0, 24, rows),
                "seats": random.integers(20, 400, rows),
                "carrier": random.choice(carriers, rows),
                "origin": random.choice(origins, rows),
                "weekend": random.random(rows) < 0.3,
            }
        )
        if not nulls:
            return frame
        absent = {name: random.random(rows) < 0.15 for name in (*WEATHER, "seats", "carrier")}
        return frame.with_columns(
            pl.when(pl.Series(missing)).then(None).otherwise(pl.col(name)).alias(name)
            for name, missing in absent.items()
        )

    def target(self, frame: pl.DataFrame, *, binary: bool) -> Any:
        noise = np.random.default_rng(self.seed + 1).normal(0, 1, frame.height)
        score = frame["hour"].to_numpy() / 12 + frame["temperature"].fill_null(0).to_numpy() / 8 + noise
        score = score + (frame["carrier"].fill_null("AA") == "DL").to_numpy() + frame["weekend"].to_numpy()
        return (score > np.median(score)).astype(int) if binary else 100 + 10 * score


def _signature(*, binary: bool, nullable: bool) -> Signature:
    output = Output(name="late", kind="probability", labels=("no", "yes"), threshold=0.5)
    return Signature(
        model="flights",
        task="binary" if binary else "regression",
        features=(
            *(Feature(name=name, kind="number", nullable=nullable) for name in WEATHER),
            Feature(name="hour", kind="integer", minimum=0, maximum=23),
            Feature(name="seats", kind="integer", minimum=20, maximum=400, nullable=nullable),
            Feature(name="carrier", kind="category", categories=CARRIERS, nullable=nullable),
            Feature(name="origin", kind="category"),
            Feature(name="weekend", kind="boolean"),
        ),
        output=output if binary else Output(name="delay", kind="number"),
    )


@dataclass(frozen=True)
class Fitted:
    """A pipeline, fitted, with all that is needed to compare it with its plan."""

    pipeline: Any
    signature: Signature
    example: Example

    def plain(self, frame: pl.DataFrame) -> Any:
        """What scikit-learn itself says."""
        if self.signature.task == "binary":
            return self.pipeline.predict_proba(frame)[:, 1]
        return self.pipeline.predict(frame)

    @property
    def studied(self) -> Plan | NotUnderstood:
        return study(self.pipeline, self.signature)

    @property
    def plan(self) -> Plan:
        found = self.studied
        assert isinstance(found, Plan), found
        return found

    @property
    def why_not(self) -> str:
        found = self.studied
        assert isinstance(found, NotUnderstood)
        return found.reason

    def matrix(self, frame: pl.DataFrame) -> Any:
        return as_matrix(frame.to_dict(as_series=False), self.signature, self.plan.vocabularies)

    def prove(self, plan: Plan | None = None, **options: Any) -> Proof:
        return prove(plan or self.plan, self.plain, self.signature, self.example, **options)

    def check(self) -> Plan:
        """Plan and pipeline say the same, for one row and for many, seen or unseen, missing or not."""
        plan = self.plan
        nullable = any(feature.nullable for feature in self.signature.features)
        frame = Flights(7).frame(300, nulls=nullable, strangers=True)
        matrix = self.matrix(frame)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # scikit-learn's about unknown categories
            wanted = self.plain(frame)
        np.testing.assert_allclose(plan.predict(matrix), wanted, rtol=1e-12)
        np.testing.assert_allclose([plan.predict(row[None])[0] for row in matrix[:40]], wanted[:40], rtol=1e-12)
        proof = self.prove()
        assert proof.holds, proof.reason
        assert proof.rows > 200
        return plan

    def with_pipeline(self, pipeline: Any) -> Fitted:
        return replace(self, pipeline=pipeline)


Fit = Callable[..., Fitted]


@pytest.fixture(scope="session")
def fit() -> Fit:
    """Fits an estimator over steps, each a name, a transformer and its columns; or a whole pipeline."""

    def fitted(estimator: Any, *steps: Any, binary: bool = True, nullable: bool = True, whole: Any = None) -> Fitted:
        frame = Flights().frame(400, nulls=nullable)
        pipeline = whole or Pipeline([("columns", ColumnTransformer(list(steps))), ("estimator", estimator)])
        pipeline.fit(frame, Flights().target(frame, binary=binary))
        signature, rows = _signature(binary=binary, nullable=nullable), frame[:4]
        without = Fitted(pipeline, signature, Example(rows=({},), predictions=(0.0,)))
        return replace(without, example=Example(rows=tuple(rows.to_dicts()), predictions=tuple(without.plain(rows))))

    return fitted
