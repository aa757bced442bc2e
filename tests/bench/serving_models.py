"""The models that the serving figures serve: trained and registered like any other, taken out of the registry twice.

Once as the folder that `mlflow models serve` takes, once as a bundle. Both hold the same file, byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from lakes import DifferentOutcomeError

if TYPE_CHECKING:
    import polars as pl

    from modelyard.models.spec import ModelSpec
    from modelyard.registry.versions import ModelVersion

FEATURES = tuple(f"f{number:02d}" for number in range(30))
ROWS = 4_000
TREES = 100
COMPARED_ROWS = 200
Kind = Literal["linear", "forest"]
KINDS: Sequence[Kind] = ("linear", "forest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registered version, in both forms."""

    name: str
    version: str
    digest: str
    folder: Path
    """What MLflow's registry holds, downloaded: `mlflow models serve -m` takes it."""
    bundles: Path
    deployments: Path
    rows: Sequence[Sequence[float]]
    """Rows that the model has not learned from."""

    def body(self, rows: int = 1) -> bytes:
        """A request with the first rows, in MLflow's split format, which both servers take."""
        data = [list(row) for row in self.rows[:rows]]
        return json.dumps({"dataframe_split": {"columns": list(FEATURES), "data": data}}).encode()

    def deploy(self) -> None:
        """Point to this version."""
        from modelyard_bundle import Pointer, replace_pointer

        replace_pointer(self.deployments, Pointer.to(self.name, self.version, digest=self.digest))


def registered(work: Path, kind: Kind, *, versions: int = 1) -> list[Registered]:
    """Versions of one model, really trained and registered on an MLflow server with SQLite. None is deployed yet."""
    from modelyard.registry.mlflow_registry import MlflowRegistry
    from modelyard.testing.tracking_server import tracking_server
    from modelyard_training.mlflow_tracker import MlflowTracker
    from modelyard_training.provenance import Provenance
    from modelyard_training.training import train

    home = work / "mlflow"
    home.mkdir(exist_ok=True)
    frame, found = table(), []
    with tracking_server(home) as address:
        registry = MlflowRegistry(address, work / "ledger")
        for number in range(versions):
            done = train(
                declaration(kind),
                lambda: frame,
                data_versions={"CURATED/bench": 1},
                source="s" * 64,
                tracker=MlflowTracker(address),
                registry=registry,
                provenance=Provenance(commit="bench", lock="l" * 64, libraries=_libraries()),
                seed=number,
            )
            found.append(_taken_out(address, registry, done.version, work))
    return found


def declaration(kind: Kind) -> ModelSpec:
    """Thirty numbers, and what to make of them."""
    import polars as pl

    from modelyard.models.features import number
    from modelyard.models.searching import Choices, Search
    from modelyard.models.spec import Threshold
    from modelyard.models.splitting import HashSplit
    from modelyard.testing.model_fakes import sample_spec
    from modelyard_bundle.signature import Output

    return sample_spec(
        name=f"bench_{kind}",
        purpose="bench",
        target=pl.col("score") > 0,
        output=Output(name="positive", kind="probability", labels=("no", "yes"), threshold=0.5),
        features=tuple(number(name) for name in FEATURES),
        forbidden=("score",),
        split=HashSplit(key=("id",)),
        build=linear if kind == "linear" else forest,
        search=Search(space={"only": Choices((1,))}, metric="roc_auc", trials=1, rows=500),
        thresholds=(Threshold(metric="roc_auc", at_least=0.5),),
        slices=(),
    )


def linear(parameters: Mapping[str, Any]) -> Any:
    """Filled, scaled, a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    # The seed decides how strong it is held back: without it every version of a linear model would be the same.
    return _pipeline(LogisticRegression(C=1.0 + parameters["seed"]))


def forest(parameters: Mapping[str, Any]) -> Any:
    """Filled, scaled, a hundred trees."""
    from sklearn.ensemble import RandomForestClassifier

    return _pipeline(RandomForestClassifier(n_estimators=TREES, random_state=parameters["seed"]))


def _pipeline(estimator: Any) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    numbers = Pipeline([("gaps", SimpleImputer()), ("scale", StandardScaler())])
    return Pipeline([("columns", ColumnTransformer([("numbers", numbers, list(FEATURES))])), ("estimator", estimator)])


def table() -> pl.DataFrame:
    """Thirty normal numbers, five of which matter."""
    import polars as pl

    drawn = np.random.default_rng(0)
    values = drawn.normal(size=(ROWS, len(FEATURES)))
    score = values[:, :5].sum(axis=1) + drawn.normal(size=ROWS)
    columns = {name: values[:, place] for place, name in enumerate(FEATURES)}
    return pl.DataFrame({"id": np.arange(ROWS), **columns, "score": score})


def _libraries() -> Mapping[str, str]:
    from modelyard_bundle import installed_libraries

    return installed_libraries()


def _taken_out(address: str, registry: Any, version: ModelVersion, work: Path) -> Registered:
    import mlflow

    from modelyard.release.bundling import RegisteredModel, build_bundle
    from modelyard_bundle import sha256_of

    folder = work / "served" / f"{version.model}-{version.version}"
    folder.mkdir(parents=True)
    source = f"models:/{version.model}/{version.version}"
    mlflow.set_tracking_uri(address)
    mlflow.artifacts.download_artifacts(source, dst_path=str(folder))
    described = {name: getattr(version, name) for name in RegisteredModel.__slots__ if name != "version"}
    bundle = build_bundle(
        RegisteredModel(version=str(version.version), **described),
        lambda place: registry.download(version.model, version.version, place),
        bundles=work / "bundles",
    )
    if sha256_of((folder / "model.skops").read_bytes()) != bundle.manifest.digest:
        raise DifferentOutcomeError(f"MLflow serves another file than the bundle of {version.model}")
    return Registered(
        name=version.model,
        version=str(version.version),
        digest=version.digest,
        folder=folder,
        bundles=work / "bundles",
        deployments=work / "deployments" / version.model,
        rows=np.random.default_rng(1).normal(size=(COMPARED_ROWS, len(FEATURES))).tolist(),
    )
