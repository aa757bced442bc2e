"""The OpenAPI document of the models that are served, made from their signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.codes import describe_status
from modelyard_serving.protocols.schemas import model_schemas, reference

Document = dict[str, Any]
_TEXT = {"type": "string"}
_ERROR_FIELDS: Document = {"code": _TEXT, "message": _TEXT, "request_id": _TEXT}
_PREDICTING = (400, 401, 403, 404, 408, 413, 414, 415, 431, 500, 503)
_TELLING = (401, 403, 404, 414, 431, 503)
_PARAMETERS: Document = {
    "explain": {
        "name": "explain",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": ["true", "false"]},
        "description": "Say what each feature contributed to each prediction.",
    },
    "request_id": {
        "name": "x-request-id",
        "in": "header",
        "required": False,
        "schema": _TEXT,
        "description": "Up to 64 of A-Z a-z 0-9 . _ -; comes back with the answer and is in the log. Anything else, or "
        "nothing, gets one made here.",
    },
    "header_length": {
        "name": "Inference-Header-Content-Length",
        "in": "header",
        "required": False,
        "schema": {"type": "integer", "minimum": 1},
        "description": "Where the JSON ends and binary tensors begin.",
    },
}
_HEADERS: Document = {
    "x-request-id": {"schema": _TEXT, "description": "Under which the log knows the request."},
    "x-model-version": {"schema": _TEXT, "description": "The version that answered."},
    "x-model-digest": {"schema": _TEXT, "description": "SHA-256 of its model.skops."},
    "retry-after": {"schema": {"type": "integer"}, "description": "Seconds."},
}


def render_openapi(served: Mapping[str, ServedModel]) -> Document:
    """The OpenAPI 3.1 document for the models in `served`."""
    paths: Document = dict(_general_paths())
    schemas: Document = dict(_general_schemas())
    for model in served.values():
        schemas.update(model_schemas(model))
        paths.update(_model_paths(model))
    if len(served) == 1:
        model = next(iter(served.values()))
        paths["/invocations"] = _invoked(model)
    versions = ", ".join(f"{model.name} {model.version}" for model in served.values()) or "no model yet"
    return {
        "openapi": "3.1.0",
        "info": {"title": "Modelyard model API", "version": "1", "description": f"Served: {versions}."},
        "paths": paths,
        "components": {"schemas": schemas, "parameters": _PARAMETERS, "headers": _HEADERS},
    }


def _model_paths(model: ServedModel) -> Document:
    inferred = _inferred(model)
    metadata = _told(f"{model.name}: metadata", "ModelMetadata", fails=_TELLING, protocol=True)
    ready = _told(f"{model.name}: is it served", "ModelReady", fails=_TELLING, protocol=True)
    root = f"/v2/models/{model.name}"
    return {
        f"/models/{model.name}/predict": _predicted(model),
        f"/models/{model.name}/invocations": _invoked(model),
        f"{root}/infer": inferred,
        f"{root}/versions/{model.version}/infer": inferred,
        root: metadata,
        f"{root}/versions/{model.version}": metadata,
        f"{root}/ready": ready,
        f"{root}/versions/{model.version}/ready": ready,
    }


def _predicted(model: ServedModel) -> Document:
    body = {"application/json": {"schema": reference(f"{model.name}_request")}}
    answer = {"application/json": {"schema": reference(f"{model.name}_answer")}}
    return _asked(f"{model.name}: predict rows of named features", body=body, answer=answer)


def _invoked(model: ServedModel) -> Document:
    text = "A header with the features' names, then one row a line; an empty field is missing."
    body = {
        "application/json": {"schema": reference(f"{model.name}_invocation")},
        "text/csv": {"schema": {"type": "string", "description": text}},
    }
    answer = {"application/json": {"schema": reference(f"{model.name}_answer")}}
    return _asked(f"{model.name}: predict, MLflow's formats", body=body, answer=answer)


def _inferred(model: ServedModel) -> Document:
    text = "The JSON of the request, then the bytes of its tensors (binary_tensor_data)."
    octets = {"application/octet-stream": {"schema": {"description": text}}}
    body = {"application/json": {"schema": reference(f"{model.name}_inference")}, **octets}
    answer = {"application/json": {"schema": reference(f"{model.name}_inference_answer")}, **octets}
    return _asked(f"{model.name}: predict, Open Inference Protocol v2", body=body, answer=answer, protocol=True)


def _asked(summary: str, *, body: Document, answer: Document, protocol: bool = False) -> Document:
    names = ("request_id", "header_length") if protocol else ("request_id", "explain")
    return {
        "post": {
            "summary": summary,
            "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in names],
            "requestBody": {"required": True, "content": body},
            "responses": {
                "200": {"description": "The predictions.", "headers": _headers(), "content": answer},
                **_failures(_PREDICTING, protocol=protocol),
            },
        }
    }


def _told(summary: str, schema: str, *, fails: tuple[int, ...] = (), protocol: bool = False) -> Document:
    content = {"application/json": {"schema": reference(schema)}}
    answers = {"200": {"description": "OK", "content": content}, **_failures(fails, protocol=protocol)}
    return {"get": {"summary": summary, "responses": answers}}


def _failures(statuses: tuple[int, ...], *, protocol: bool) -> Document:
    content = {"application/json": {"schema": reference("ProtocolError" if protocol else "Error")}}
    return {
        str(status): {
            "description": describe_status(status),
            "headers": _headers(retry=status == 503),  # noqa: PLR2004 - the status itself
            "content": content,
        }
        for status in statuses
    }


def _headers(*, retry: bool = False) -> Document:
    names = [name for name in _HEADERS if retry or name != "retry-after"]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _fields(properties: Document, *, optional: tuple[str, ...] = ()) -> Document:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "properties": properties}


def _general_schemas() -> Document:
    tensor = _fields({"name": _TEXT, "datatype": _TEXT, "shape": {"type": "array", "items": {"type": "integer"}}})
    tensors = {"type": "array", "items": tensor}
    texts = {"type": "array", "items": _TEXT}
    flag = {"type": "boolean"}
    return {
        "Error": _fields({"error": _fields(_ERROR_FIELDS)}),
        "ProtocolError": _fields({"error": _TEXT, "code": _TEXT, "request_id": _TEXT}),
        "ServerMetadata": _fields({"name": _TEXT, "version": _TEXT, "extensions": texts, "models": {"type": "array"}}),
        "ModelMetadata": _fields(
            {
                "name": _TEXT,
                "versions": texts,
                "platform": _TEXT,
                "inputs": tensors,
                "outputs": tensors,
                "parameters": {"type": "object"},
            }
        ),
        "ModelReady": _fields({"name": _TEXT, "ready": flag}),
        "Live": _fields({"live": flag}),
        "Ready": _fields({"ready": flag, "models": texts, "reason": _TEXT}, optional=("models", "reason")),
    }


def _general_paths() -> Document:
    ready = _told("Is a model served", "Ready")
    no = {"description": "No, with the reason.", "content": {"application/json": {"schema": reference("Ready")}}}
    ready["get"]["responses"]["503"] = no
    metrics = {"summary": "Metrics", "responses": {"200": {"description": "OK", "content": {"text/plain": {}}}}}
    return {
        "/v2": _told("Server metadata", "ServerMetadata"),
        "/v2/health/live": _told("Does the process answer", "Live"),
        "/v2/health/ready": ready,
        "/metrics": {"get": metrics},
    }
