"""The Open Inference Protocol, version 2, in JSON: one tensor a feature in, one tensor an output out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard_bundle import Signature
from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.loading.served import Prediction, ServedModel
from modelyard_serving.refusals import RequestRefusedError

DATATYPE_OF = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "category": "BYTES"}
TAKEN: Mapping[str, frozenset[str]] = {
    "number": frozenset({"FP64", "FP32", "INT64", "INT32"}),
    "integer": frozenset({"INT64", "INT32"}),
    "boolean": frozenset({"BOOL"}),
    "category": frozenset({"BYTES"}),
}
_REQUEST_KEYS = frozenset({"id", "inputs", "outputs", "parameters"})
_TENSOR_KEYS = frozenset({"name", "shape", "datatype", "data", "parameters"})
_INT32 = 2**31


def decode_tensors(document: Mapping[str, Any], decoder: Decoder) -> dict[str, Values]:
    """The columns in an inference request.

    Raises:
        RequestRefusedError: It is not an inference request, or a tensor is not what its feature takes.
    """
    if unknown := sorted(set(document) - _REQUEST_KEYS):
        raise RequestRefusedError("unknown_field", f"unknown field {unknown[0][:40]}")
    if not isinstance(document.get("id", ""), str) or not isinstance(document.get("parameters", {}), dict):
        raise RequestRefusedError("wrong_type", "id is a text, parameters is an object")
    inputs = document.get("inputs")
    if not isinstance(inputs, list):
        raise RequestRefusedError("malformed_inputs", "inputs is a list of tensors, one a feature")
    kinds = {column.feature.name: column.feature.kind for column in decoder.columns}
    columns: dict[str, Values] = {}
    for index, tensor in enumerate(inputs):
        name = _tensor_name(tensor, index)
        if name in columns:
            raise RequestRefusedError("duplicate_feature", f"two tensors are named {name[:40]}")
        columns[name] = _tensor_values(tensor, name, kinds.get(name))
    decoder.check_names(columns.keys())
    return columns


def _tensor_name(tensor: object, index: int) -> str:
    if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
        raise RequestRefusedError("malformed_tensor", f"inputs[{index}] is a tensor with a name")
    if unknown := sorted(set(tensor) - _TENSOR_KEYS):
        raise RequestRefusedError("unknown_field", f"inputs[{index}]: unknown field {unknown[0][:40]}")
    if not isinstance(tensor.get("parameters", {}), dict):
        raise RequestRefusedError("wrong_type", f"inputs[{index}]: parameters is an object")
    name: str = tensor["name"]
    return name


def _tensor_values(tensor: dict[str, Any], name: str, kind: str | None) -> Values:
    datatype, data = tensor.get("datatype"), tensor.get("data")
    if kind is not None and (not isinstance(datatype, str) or datatype not in TAKEN[kind]):
        allowed = ", ".join(sorted(TAKEN[kind]))
        raise RequestRefusedError("wrong_datatype", f"{name}: datatype is {datatype!r:.40}, allowed is {allowed}")
    if not isinstance(data, list):
        raise RequestRefusedError("malformed_tensor", f"{name[:40]}: data is a list of values")
    rows = _row_count(tensor.get("shape"), name)
    if data and isinstance(data[0], list):
        data = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in data]
    if len(data) != rows:
        raise RequestRefusedError("ragged", f"{name[:40]}: shape says {rows} rows, data has {len(data)}")
    if datatype in ("INT32", "INT64"):
        _check_integers(data, name, datatype)
    return data


def _row_count(shape: object, name: str) -> int:
    """The rows of a tensor of shape [rows] or [rows, 1]."""
    if (
        not isinstance(shape, list)
        or not all(type(size) is int and size >= 0 for size in shape)
        or len(shape) not in (1, 2)
        or shape[1:] not in ([], [1])
    ):
        raise RequestRefusedError("wrong_shape", f"{name[:40]}: shape is {shape!r:.40}, allowed is [rows] or [rows, 1]")
    rows: int = shape[0]
    return rows


def _check_integers(data: Sequence[object], name: str, datatype: str) -> None:
    bound = _INT32 if datatype == "INT32" else _INT32 * _INT32 * 2
    for index, value in enumerate(data):
        if value is not None and not (type(value) is int and -bound <= value < bound):
            raise RequestRefusedError("wrong_type", f"{name}[{index}]: expected {datatype}, found {value!r:.40}")


def requested_outputs(document: Mapping[str, Any], signature: Signature) -> tuple[str, ...]:
    """The outputs that a request asks for; all where it does not say.

    Raises:
        RequestRefusedError: It asks for one that the model does not give.
    """
    outputs = document.get("outputs")
    given = output_names(signature)
    if outputs is None:
        return given
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise RequestRefusedError("malformed_outputs", "outputs is a list of objects with a name")
    names = [output.get("name") for output in outputs]
    for name in names:
        if name not in given:
            raise RequestRefusedError("unknown_output", f"output {name!r:.40}, the model gives {', '.join(given)}")
    return tuple(name for name in given if name in names) or given


def output_names(signature: Signature) -> tuple[str, ...]:
    """The names of the tensors that a model gives."""
    return ("probability", "label") if signature.task == "binary" else (signature.output.name,)


def describe(signature: Signature) -> dict[str, list[dict[str, Any]]]:
    """The tensors of a model as its metadata names them."""
    datatypes = {"label": "BYTES"}
    return {
        "inputs": [
            {"name": feature.name, "datatype": DATATYPE_OF[feature.kind], "shape": [-1]}
            for feature in signature.features
        ],
        "outputs": [
            {"name": name, "datatype": datatypes.get(name, "FP64"), "shape": [-1]} for name in output_names(signature)
        ],
    }


def render(
    model: ServedModel, prediction: Prediction, warnings: list[str], *, document: Mapping[str, Any]
) -> dict[str, Any]:
    """The inference answer."""
    wanted = requested_outputs(document, model.signature)
    parameters: dict[str, Any] = {"model_digest": model.digest}
    if warnings:
        parameters["warnings"] = warnings
    answer: dict[str, Any] = {
        "model_name": model.name,
        "model_version": model.version,
        "parameters": parameters,
    }
    if "id" in document:
        answer["id"] = document["id"]
    shape = [len(prediction.values)]
    columns: dict[str, tuple[str, Sequence[object]]] = {wanted[0]: ("FP64", prediction.values)}
    if model.signature.task == "binary":
        columns = {"probability": ("FP64", prediction.values), "label": ("BYTES", prediction.labels)}
    answer["outputs"] = [
        {"name": name, "shape": shape, "datatype": columns[name][0], "data": columns[name][1]} for name in wanted
    ]
    return answer
