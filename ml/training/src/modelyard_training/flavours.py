"""A trained model as the folder that MLflow calls a model: written here once, and sent as it is.

MLflow's own way serialises the pipeline anew, loads it again to see whether that works, and asks the server in between.
The bytes that were audited are the ones that must be registered, so they are written and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.models.spark import without_pandas_warning
from modelyard.models.spark_files import SPARK_FOLDER
from modelyard.registry.versions import MODEL_FILE
from modelyard_bundle.signature import Signature
from modelyard_bundle.trust import TRUSTED_TYPES
from modelyard_training.tracking import TrainingRecord

if TYPE_CHECKING:
    from mlflow.models import Model, ModelSignature

_TYPES = {"number": "double", "integer": "long", "category": "string", "boolean": "boolean"}
_REQUIREMENTS = "requirements.txt"


def write_flavour(record: TrainingRecord, folder: Path, *, model_id: str, run_id: str) -> str:
    """Write the model with MLflow's description of it into `folder`; returns the name of what holds the pipeline."""
    signature = mlflow_signature(record.trained.signature)
    requirements = [f"{name}=={version}" for name, version in _pinned(record.provenance.libraries)]
    if record.trained.spec.flavour == "spark":
        import mlflow.spark

        pipeline = record.trained.model.pipeline
        with without_pandas_warning():
            mlflow.spark.save_model(pipeline, str(folder), pip_requirements=requirements, signature=signature)
        return SPARK_FOLDER
    from mlflow.models import Model

    folder.mkdir(parents=True)
    (folder / MODEL_FILE).write_bytes(record.content)
    (folder / _REQUIREMENTS).write_text("\n".join(requirements) + "\n", encoding="utf-8")
    described = Model(model_id=model_id, run_id=run_id, signature=signature)
    _add_flavours(described, binary=record.trained.spec.task == "binary")
    described.save(str(folder / "MLmodel"))
    return MODEL_FILE


def mlflow_signature(signature: Signature) -> ModelSignature:
    """What the model takes and gives, in MLflow's words."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec(type=_TYPES[feature.kind], name=feature.name, required=not feature.nullable)
        for feature in signature.features
    ]
    return ModelSignature(inputs=Schema(columns), outputs=Schema([ColSpec(type="double")]))


def _add_flavours(described: Model, *, binary: bool) -> None:
    """That it is a scikit-learn pipeline in skops, of types that are the platform's to trust and not the model's."""
    import mlflow.pyfunc
    import mlflow.sklearn
    import sklearn

    mlflow.pyfunc.add_to_model(
        described,
        loader_module="mlflow.sklearn",
        model_path=MODEL_FILE,
        predict_fn="predict_proba" if binary else "predict",
    )
    described.add_flavor(
        mlflow.sklearn.FLAVOR_NAME,
        pickled_model=MODEL_FILE,
        sklearn_version=sklearn.__version__,
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_SKOPS,
        skops_trusted_types=sorted(TRUSTED_TYPES),
        code=None,
    )


def _pinned(libraries: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    return [(name, version) for name, version in libraries.items() if name != "python"]
