"""The OpenAPI document of what is served, drawn from the signatures.

It promises what the API keeps: types and completeness are enforced and stand as types and required fields. Categories
and ranges are what training saw, not what is refused; they stand as `x-categories`, `x-minimum` and `x-maximum`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard_bundle import Feature
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.tensors import TAKEN, output_names

_TYPES = {"number": "number", "integer": "integer", "category": "string", "boolean": "boolean"}
_INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}

Document = dict[str, Any]


def render_openapi(served: Mapping[str, ServedModel]) -> Document:
    """The OpenAPI 3.1 document for the models in `served`."""
    paths: Document = dict(_general_paths())
    schemas: Document = {"Error": _ERROR}
    for model in served.values():
        schemas[f"{model.name}_row"] = row_schema(model)
        schemas[f"{model.name}_invocation"] = _invocation_schema(model)
        schemas[f"{model.name}_inference"] = _inference_schema(model)
        paths[f"/v2/models/{model.name}"] = {"get": _operation(f"{model.name}: metadata", missing=True)}
        paths[f"/v2/models/{model.name}/ready"] = {"get": _operation(f"{model.name}: is it served", missing=True)}
        paths[f"/v2/models/{model.name}/infer"] = _asked(model, "inference", "Open Inference Protocol v2")
        paths[f"/models/{model.name}/invocations"] = _asked(model, "invocation", "MLflow's formats")
    if len(served) == 1:
        model = next(iter(served.values()))
        paths["/invocations"] = _asked(model, "invocation", "MLflow's formats")
    versions = ", ".join(f"{model.name} {model.version}" for model in served.values()) or "no model yet"
    info = {"title": "Modelyard model API", "version": "1", "description": f"Served: {versions}."}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def row_schema(model: ServedModel) -> Document:
    """The schema of one row of features."""
    features = model.signature.features
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(model.signature.names),
        "properties": {feature.name: _feature_schema(feature) for feature in features},
        "examples": [dict(model.example.rows[0])],
    }


def _feature_schema(feature: Feature) -> Document:
    kind = _TYPES[feature.kind]
    schema: Document = {"type": [kind, "null"] if feature.nullable else kind}
    if feature.description:
        schema["description"] = feature.description
    if feature.kind == "integer":
        schema.update(_INT64)
    known = {"x-categories": feature.categories, "x-minimum": feature.minimum, "x-maximum": feature.maximum}
    schema.update({key: value for key, value in known.items() if value is not None})
    return schema


def _invocation_schema(model: ServedModel) -> Document:
    row = {"$ref": f"#/components/schemas/{model.name}_row"}
    rows = {"type": "array", "minItems": 1, "items": row}
    properties: Document = {
        feature.name: {"type": "array", "minItems": 1, "items": _feature_schema(feature)}
        for feature in model.signature.features
    }
    columns = {
        "type": "object",
        "additionalProperties": False,
        "required": list(model.signature.names),
        "properties": properties,
    }
    split = {
        "type": "object",
        "additionalProperties": False,
        "required": ["columns", "data"],
        "properties": {
            "columns": {"type": "array", "items": {"enum": list(model.signature.names)}, "uniqueItems": True},
            "data": {"type": "array", "minItems": 1, "items": {"type": "array"}},
            "index": {},
        },
    }
    formats = {"dataframe_records": rows, "dataframe_split": split, "instances": rows, "inputs": columns}
    return {
        "oneOf": [
            {"type": "object", "additionalProperties": False, "required": [name], "properties": {name: schema}}
            for name, schema in formats.items()
        ],
        "examples": [{"dataframe_records": [dict(model.example.rows[0])]}],
    }


def _inference_schema(model: ServedModel) -> Document:
    count = len(model.signature.features)
    tensors = {
        "type": "array",
        "minItems": count,
        "maxItems": count,
        "items": {"oneOf": [_tensor_schema(feature) for feature in model.signature.features]},
    }
    wanted = {"type": "object", "required": ["name"], "properties": {"name": {"enum": list(output_names_of(model))}}}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string"},
            "parameters": {"type": "object"},
            "inputs": tensors,
            "outputs": {"type": "array", "items": wanted},
        },
        "examples": [inference_example(model)],
    }


def output_names_of(model: ServedModel) -> tuple[str, ...]:
    """The outputs that may be asked for."""
    return output_names(model.signature)


def _tensor_schema(feature: Feature) -> Document:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"const": feature.name},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2},
            "datatype": {"enum": sorted(TAKEN[feature.kind])},
            "data": {"type": "array", "minItems": 1, "items": _feature_schema(feature)},
            "parameters": {"type": "object"},
        },
    }


def inference_example(model: ServedModel) -> Document:
    """An inference request that works: the first row of the example."""
    row = model.example.rows[0]
    preferred = {"number": "FP64", "integer": "INT64", "boolean": "BOOL", "category": "BYTES"}
    return {
        "inputs": [
            {"name": feature.name, "shape": [1], "datatype": preferred[feature.kind], "data": [row[feature.name]]}
            for feature in model.signature.features
        ]
    }


_ERROR: Document = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {key: {"type": "string"} for key in ("code", "message", "request_id")},
        }
    },
}
_ERROR_CONTENT: Document = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_REFUSALS = {
    "400": "The request is not what the model takes.",
    "408": "The request took too long to arrive.",
    "413": "Too many bytes or rows.",
    "415": "Another content type.",
    "500": "The model failed.",
    "503": "Not ready, or overloaded.",
}


def _asked(model: ServedModel, request: str, title: str) -> Document:
    operation = _operation(f"{model.name}: predict, {title}")
    operation["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.name}_{request}"}}},
    }
    operation["responses"].update(
        {status: {"description": text, "content": _ERROR_CONTENT} for status, text in _REFUSALS.items()}
    )
    return {"post": operation}


def _operation(summary: str, *, missing: bool = False) -> Document:
    ok = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
    responses: Document = {"200": ok}
    if missing:
        responses["503"] = {"description": "Not served.", "content": _ERROR_CONTENT}
    return {"summary": summary, "responses": responses}


def _general_paths() -> Document:
    ready = _operation("Is a model served")
    ready["responses"]["503"] = {"description": "No, with the reason."}
    metrics = {"summary": "Metrics", "responses": {"200": {"description": "OK", "content": {"text/plain": {}}}}}
    return {
        "/v2": {"get": _operation("Server metadata")},
        "/v2/health/live": {"get": _operation("Does the process answer")},
        "/v2/health/ready": {"get": ready},
        "/metrics": {"get": metrics},
    }
