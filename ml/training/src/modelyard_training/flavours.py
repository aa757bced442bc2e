"""A trained model as the folder that MLflow calls a model: written here once, and sent as it is.

MLflow's own way serialises the pipeline anew, loads it again to see whether that works, and asks the server in between.
The bytes that were audited are the ones that must be registered, so they are written and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.models.spark import without_pandas_warning
from modelyard.models.spark_files import SPARK_FOLDER
from modelyard.models.storage import write_model
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
    from mlflow.models import Model

    described = Model(model_id=model_id, run_id=run_id, signature=mlflow_signature(record.trained.signature))
    folder.mkdir(parents=True)
    requirements = [f"{name}=={version}" for name, version in _pinned(record.provenance.libraries)]
    (folder / _REQUIREMENTS).write_text("\n".join(requirements) + "\n", encoding="utf-8")
    if record.trained.spec.flavour == "spark":
        holder = SPARK_FOLDER
        with without_pandas_warning():
            write_model(record.trained.model, folder)
        _add_spark(described, record.trained.model.pipeline)
    else:
        holder = MODEL_FILE
        (folder / holder).write_bytes(record.content)
        _add_sklearn(described, binary=record.trained.spec.task == "binary")
    described.save(str(folder / "MLmodel"))
    return holder


def mlflow_signature(signature: Signature) -> ModelSignature:
    """What the model takes and gives, in MLflow's words."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema, TensorSpec

    columns: list[ColSpec | TensorSpec] = [
        ColSpec(type=_TYPES[feature.kind], name=feature.name, required=not feature.nullable)
        for feature in signature.features
    ]
    return ModelSignature(inputs=Schema(columns), outputs=Schema([ColSpec(type="double")]))


def _add_sklearn(described: Model, *, binary: bool) -> None:
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


def _add_spark(described: Model, pipeline: Any) -> None:  # noqa: ANN401 - PySpark has no types for it
    """That it is a pipeline of Spark ML in Spark's own folder."""
    import mlflow.pyfunc
    import mlflow.spark
    import pyspark

    kind = type(pipeline)
    described.add_flavor(
        mlflow.spark.FLAVOR_NAME,
        pyspark_version=pyspark.__version__,
        model_data=SPARK_FOLDER,
        code=None,
        model_class=f"{kind.__module__}.{kind.__qualname__}",
    )
    mlflow.pyfunc.add_to_model(described, loader_module="mlflow.spark", data=SPARK_FOLDER)


def _pinned(libraries: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    return [(name, version) for name, version in libraries.items() if name != "python"]
