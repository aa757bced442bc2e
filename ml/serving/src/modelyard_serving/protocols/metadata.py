"""What the Open Inference Protocol tells about the server and its models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from modelyard_bundle import Signature
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.datatypes import BYTES, DATATYPE_OF
from modelyard_serving.protocols.inference import output_names

NAME = "modelyard"
VERSION = "1"
"""Of the model API, not of a model."""
EXTENSIONS = ("binary_tensor_data",)

Document = dict[str, Any]


def server(models: Iterable[ServedModel]) -> Document:
    """The server's metadata, and beside it what it serves."""
    served = [{"name": model.name, "version": model.version} for model in models]
    return {"name": NAME, "version": VERSION, "extensions": list(EXTENSIONS), "models": served}


def model(
    served: ServedModel, *, versions: Sequence[str] | None = None, refused: Mapping[str, Any] | None = None
) -> Document:
    """A model's metadata.

    Args:
        served: The version that answers.
        versions: All versions that can be asked for; only this one unless told.
        refused: What is said about a bundle that did not pass the gate, if there is one.
    """
    parameters: Document = {
        "digest": served.digest,
        "run_id": served.manifest.run_id,
        "commit": served.manifest.commit,
        "data_versions": dict(served.manifest.data_versions),
        "task": served.signature.task,
    }
    if refused is not None:
        parameters["refused"] = dict(refused)
    return {
        "name": served.name,
        "versions": [served.version] if versions is None else list(versions),
        "platform": "sklearn",
        **tensors(served.signature),
        "parameters": parameters,
    }


def tensors(signature: Signature) -> dict[str, list[Document]]:
    """The tensors that a model takes and gives."""
    inputs: list[Document] = [
        {"name": feature.name, "datatype": DATATYPE_OF[feature.kind], "shape": [-1]} for feature in signature.features
    ]
    outputs: list[Document] = [
        {"name": name, "datatype": BYTES if name == "label" and signature.task == "binary" else "FP64", "shape": [-1]}
        for name in output_names(signature)
    ]
    return {"inputs": inputs, "outputs": outputs}
