"""Small real models and bundles for tests: trained in a moment, loaded by the model API like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from modelyard_bundle import (
    Example,
    Feature,
    Manifest,
    Output,
    Pointer,
    Signature,
    installed_libraries,
    replace_pointer,
    sha256_of,
    write_bundle,
)

CARRIERS = ("AA", "DL", "UA")
_ROWS = 400
_SHORTEST = 100
"""Flights below this many miles have no distance recorded, so that something is missing."""
_EXAMPLE_ROWS = 3

Estimator = Literal["linear", "boosting", "forest"]
Task = Literal["binary", "regression"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyModel:
    """A fitted pipeline in the three files that a registered version has."""

    model: bytes
    """model.skops"""
    signature: Signature
    example: Example
    pipeline: Any = field(repr=False)
    """The pipeline itself, for comparisons."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.signature.model

    @property
    def digest(self) -> str:
        """SHA-256 of model.skops."""
        return sha256_of(self.model)

    @property
    def files(self) -> dict[str, bytes]:
        """Content by file name."""
        return {
            "model.skops": self.model,
            "signature.json": self.signature.to_json(),
            "example.json": self.example.to_json(),
        }

    def manifest(self, version: str, **changes: Any) -> Manifest:  # noqa: ANN401 - any field of a manifest
        """The manifest of this model as a registered version."""
        manifest = Manifest(
            model=self.name,
            version=version,
            digest=self.digest,
            files={name: sha256_of(content) for name, content in self.files.items()},
            run_id="0123456789abcdef",
            data_versions={"CURATED/tiny": 1},
            commit="unknown",
            libraries=installed_libraries(),
            task=self.signature.task,
            created_at="2013-06-01T00:00:00+00:00",
        )
        return replace(manifest, **changes)

    def bundle(self, bundles: Path, version: str) -> Pointer:
        """Write the bundle of this version, and give the pointer to it."""
        write_bundle(bundles, self.manifest(version), files=self.files)
        return Pointer.to(self.name, version, digest=self.digest)

    def deploy(self, bundles: Path, deployments: Path, *, version: str) -> Pointer:
        """Bundle this version and point to it."""
        pointer = self.bundle(bundles, version)
        replace_pointer(deployments, pointer)
        return pointer


def train_tiny(
    *,
    name: str = "tiny",
    task: Task = "binary",
    estimator: Estimator = "linear",
    seed: int = 0,
) -> TinyModel:
    """Fit a pipeline with number, integer, category and boolean features. Another seed gives another model."""
    frame, target = _data(seed)
    if task == "binary":
        target = (target > 0).astype(int)
    pipeline = _pipeline(task, estimator).fit(frame, target)
    return wrap_pipeline(pipeline, frame[:_EXAMPLE_ROWS], name=name, task=task)


def wrap_pipeline(pipeline: Any, rows: Any, *, name: str, task: Task) -> TinyModel:  # noqa: ANN401 - scikit-learn and polars objects
    """A fitted pipeline over the tiny features as a `TinyModel`, with `rows` (a polars frame) as its example."""
    from skops.io import dumps

    found = pipeline.predict_proba(rows)[:, 1] if task == "binary" else pipeline.predict(rows)
    return TinyModel(
        model=dumps(pipeline),
        signature=tiny_signature(name=name, task=task),
        example=Example(rows=tuple(rows.to_dicts()), predictions=tuple(found.tolist())),
        pipeline=pipeline,
    )


def tiny_signature(*, name: str = "tiny", task: Task = "binary") -> Signature:
    """The signature of every tiny model."""
    binary = Output(name="late", kind="probability", labels=("on time", "late"), threshold=0.5)
    return Signature(
        model=name,
        task=task,
        features=(
            Feature(name="distance", kind="number", nullable=True, minimum=80, maximum=5000, description="miles"),
            Feature(name="hour", kind="integer", minimum=0, maximum=23, description="hour of departure"),
            Feature(name="carrier", kind="category", categories=CARRIERS),
            Feature(name="weekend", kind="boolean"),
        ),
        output=binary if task == "binary" else Output(name="delay", kind="number"),
    )


def _data(seed: int) -> tuple[Any, Any]:
    import numpy as np
    import polars as pl

    random = np.random.default_rng(seed)
    frame = pl.DataFrame(
        {
            "distance": random.uniform(80, 5000, _ROWS),
            "hour": random.integers(0, 24, _ROWS),
            "carrier": random.choice(CARRIERS, _ROWS),
            "weekend": random.random(_ROWS) < 0.3,  # noqa: PLR2004 - two days of seven
        }
    )
    target = frame["hour"].to_numpy() - 12 + random.normal(0, 4, _ROWS) + 3 * frame["weekend"].to_numpy()
    return frame.with_columns(distance=pl.when(pl.col("distance") > _SHORTEST).then("distance")), target


def _pipeline(task: str, estimator: Estimator) -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder, StandardScaler

    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    categories = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer(
        [
            ("numbers", numbers, ["distance", "hour"]),
            ("categories", categories, ["carrier"]),
            ("flags", "passthrough", ["weekend"]),
        ]
    )
    return Pipeline([("columns", columns), ("estimator", _estimators()[estimator, task])])


def _estimators() -> Mapping[tuple[str, str], Any]:
    from sklearn.ensemble import (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LogisticRegression, Ridge

    return {
        ("linear", "binary"): LogisticRegression(),
        ("linear", "regression"): Ridge(),
        ("boosting", "binary"): HistGradientBoostingClassifier(max_iter=10, categorical_features=[2]),
        ("boosting", "regression"): HistGradientBoostingRegressor(max_iter=10),
        ("forest", "binary"): RandomForestClassifier(n_estimators=5, random_state=0),
        ("forest", "regression"): RandomForestRegressor(n_estimators=5, random_state=0),
    }
