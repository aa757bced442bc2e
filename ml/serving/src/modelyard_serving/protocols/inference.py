"""An inference request of the Open Inference Protocol, version 2, in JSON or with binary tensors, and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from modelyard_bundle import Signature
from modelyard_serving.decoding.columns import Values
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.asking import Header, Rendered, Told, read_flag, render_json
from modelyard_serving.protocols.binary import HEADER, split_body, write_numbers, write_texts
from modelyard_serving.protocols.bodies import parse_json
from modelyard_serving.protocols.datatypes import BYTES
from modelyard_serving.protocols.tensors import decode_tensors
from modelyard_serving.refusals import RequestRefusedError

CONTRIBUTIONS = "contributions"
BASE_VALUE = "base_value"
_REQUEST_KEYS = frozenset({"id", "inputs", "outputs", "parameters"})
_OUTPUT_KEYS = frozenset({"name", "parameters"})
_OCTETS: Header = (b"content-type", b"application/octet-stream")


@dataclass(frozen=True, slots=True)
class _Output:
    """One tensor of an answer."""

    name: str
    datatype: str
    shape: list[int]
    values: Sequence[Any]

    def in_json(self) -> dict[str, Any]:
        return {"name": self.name, "shape": self.shape, "datatype": self.datatype, "data": self.values}

    def in_bytes(self) -> tuple[dict[str, Any], bytes]:
        content = write_texts(self.values) if self.datatype == BYTES else write_numbers(self.values)
        described = {"name": self.name, "shape": self.shape, "datatype": self.datatype}
        return {**described, "parameters": {"binary_data_size": len(content)}}, content


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """An inference request."""

    columns: Mapping[str, Values]
    outputs: Mapping[str, bool]
    """The outputs that are wanted, and whether each is wanted as bytes."""
    binary: bool
    """Whether what is not named in `outputs` is wanted as bytes."""
    explain: bool
    request_id: str | None

    def render(self, model: ServedModel, told: Told) -> Rendered:
        """The inference answer."""
        parameters: dict[str, Any] = {"model_digest": model.digest}
        if told.warnings:
            parameters["warnings"] = told.warnings
        if told.explanation is not None:
            parameters["explanation"] = told.explanation.summary()
        answer: dict[str, Any] = {
            "model_name": model.name,
            "model_version": model.version,
            "parameters": parameters,
        }
        if self.request_id is not None:
            answer["id"] = self.request_id
        tensors = _tensors(self.outputs, model.signature, told)
        if not self.binary and not any(self.outputs.values()):
            answer["outputs"] = [tensor.in_json() for tensor in tensors]
            return render_json(answer)
        return self._with_bytes(answer, tensors)

    def _with_bytes(self, answer: dict[str, Any], tensors: list[_Output]) -> Rendered:
        described, pieces = [], []
        for tensor in tensors:
            if not self.outputs.get(tensor.name, self.binary):
                described.append(tensor.in_json())
                continue
            document, content = tensor.in_bytes()
            described.append(document)
            pieces.append(content)
        head = orjson.dumps({**answer, "outputs": described})
        if not pieces:
            return Rendered(head)
        return Rendered(b"".join((head, *pieces)), (_OCTETS, (HEADER, str(len(head)).encode())))


def read_inference(body: bytes, signature: Signature, decoder: Decoder, *, header: bytes | None = None) -> Inference:
    """The inference request in a body.

    Args:
        body: The whole body.
        signature: The model's.
        decoder: The model's.
        header: The value of `Inference-Header-Content-Length`, if the request has one.

    Raises:
        RequestRefusedError: It is not an inference request that the model can answer.
    """
    head, buffer = split_body(body, header)
    document = parse_json(head)
    if not document.keys() <= _REQUEST_KEYS:
        unknown = min(document.keys() - _REQUEST_KEYS)
        raise RequestRefusedError("unknown_field", f"unknown field {unknown[:40]}")
    request_id, parameters = document.get("id"), document.get("parameters", {})
    if not isinstance(document.get("id", ""), str) or not isinstance(parameters, dict):
        raise RequestRefusedError("wrong_type", "id is a text, parameters is an object")
    binary = read_flag(parameters.get("binary_data_output", False), "parameters.binary_data_output")
    explain = read_flag(parameters.get("explain", False), "parameters.explain")
    outputs = _wanted(document.get("outputs"), output_names(signature), binary=binary)
    columns = decode_tensors(document, decoder, buffer)
    buffer.end()
    return Inference(columns=columns, outputs=outputs, binary=binary, explain=explain, request_id=request_id)


def _wanted(outputs: object, given: tuple[str, ...], *, binary: bool) -> dict[str, bool]:
    """The outputs that a request asks for, all where it does not say; and which of them as bytes."""
    if outputs is None:
        return dict.fromkeys(given, binary)
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise RequestRefusedError("malformed_outputs", "outputs is a list of objects with a name")
    wanted: dict[str, bool] = {}
    for index, output in enumerate(outputs):
        name, parameters = output.get("name"), output.get("parameters", {})
        if name not in given:
            raise RequestRefusedError("unknown_output", f"output {name!r:.40}, the model gives {', '.join(given)}")
        if not output.keys() <= _OUTPUT_KEYS or not isinstance(parameters, dict):
            raise RequestRefusedError("malformed_outputs", f"outputs[{index}] has a name, and parameters as an object")
        if refused := parameters.keys() & {"classification", "shared_memory_region"}:
            raise RequestRefusedError("malformed_outputs", f"outputs[{index}]: {min(refused)} is not given")
        wanted[name] = read_flag(parameters.get("binary_data", binary), f"outputs[{index}].parameters.binary_data")
    return {name: wanted[name] for name in given if name in wanted} or dict.fromkeys(given, binary)


def output_names(signature: Signature) -> tuple[str, ...]:
    """The names of the tensors that a model gives."""
    return ("probability", "label") if signature.task == "binary" else (signature.output.name,)


def _tensors(wanted: Mapping[str, bool], signature: Signature, told: Told) -> list[_Output]:
    values, labels = told.prediction.values, told.prediction.labels
    shape = [len(values)]
    found = []
    for name in wanted:
        if name == "label" and signature.task == "binary":
            found.append(_Output(name, BYTES, shape, labels))
        else:
            found.append(_Output(name, "FP64", shape, values))
    if (explanation := told.explanation) is not None:
        flat = explanation.contributions.reshape(-1).tolist()
        found.append(_Output(CONTRIBUTIONS, "FP64", list(explanation.contributions.shape), flat))
        found.append(_Output(BASE_VALUE, "FP64", [1], [explanation.base]))
    return found
