"""JSON schemas of one model's requests and answers, made from its signature."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from modelyard_bundle import Feature
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.protocols.datatypes import DATATYPE_OF, NUMBERS, TAKEN
from modelyard_serving.protocols.inference import BASE_VALUE, CONTRIBUTIONS, output_names

Document = dict[str, Any]
_TYPES = {"number": "number", "integer": "integer", "category": "string", "boolean": "boolean"}
_LIMITS: Mapping[str, Document] = {
    "number": {"minimum": -sys.float_info.max, "maximum": sys.float_info.max},
    "integer": {"minimum": -(2**63), "maximum": 2**63 - 1},
}
_LISTED = 20
_EXAMPLES = 3
_BINARY = {"type": "integer", "minimum": 0, "description": "Bytes of this tensor after the JSON, instead of data."}


def reference(name: str) -> Document:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def model_schemas(model: ServedModel) -> dict[str, Document]:
    """The schemas of one model, by name."""
    name = model.name
    return {
        f"{name}_row": row_schema(model),
        f"{name}_request": _typed_schema(model),
        f"{name}_prediction": _prediction_schema(model),
        f"{name}_answer": _answer_schema(model),
        f"{name}_invocation": _invocation_schema(model),
        f"{name}_inference": _inference_schema(model),
        f"{name}_inference_answer": _inference_answer_schema(model),
    }


def row_schema(model: ServedModel) -> Document:
    """The schema of one row of features."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(model.signature.names),
        "properties": {feature.name: feature_schema(model, feature) for feature in model.signature.features},
        "examples": [dict(row) for row in model.example.rows[:_EXAMPLES]],
    }


def feature_schema(model: ServedModel, feature: Feature) -> Document:
    """The schema of one value.

    What training saw is told and not demanded: `x-categories`, `x-minimum` and `x-maximum`, and in words. As `enum` or
    `minimum` it would make clients and gateways refuse what the model API answers with a warning.
    """
    kind = _TYPES[feature.kind]
    schema: Document = {"type": [kind, "null"] if feature.nullable else kind}
    if words := " ".join(part for part in (_sentence(feature.description), _seen(feature)) if part):
        schema["description"] = words
    schema.update(_LIMITS.get(feature.kind, {}))
    known = {
        "x-categories": None if feature.categories is None else list(feature.categories),
        "x-minimum": feature.minimum,
        "x-maximum": feature.maximum,
    }
    schema.update({key: value for key, value in known.items() if value is not None})
    found: list[object] = []
    for row in model.example.rows:
        if row[feature.name] not in found:
            found.append(row[feature.name])
    schema["examples"] = found[:_EXAMPLES]
    return schema


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."


def _seen(feature: Feature) -> str:
    if feature.categories is not None:
        more = f" and {len(feature.categories) - _LISTED} more" if len(feature.categories) > _LISTED else ""
        return f"Seen in training: {', '.join(feature.categories[:_LISTED])}{more}."
    if feature.minimum is None and feature.maximum is None:
        return ""
    low = "any" if feature.minimum is None else f"{feature.minimum:g}"
    high = "any" if feature.maximum is None else f"{feature.maximum:g}"
    return f"Seen in training: {low} to {high}."


def _object(properties: Document, *, optional: frozenset[str] = frozenset()) -> Document:
    """An object of exactly these properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _typed_schema(model: ServedModel) -> Document:
    rows = {"type": "array", "minItems": 1, "items": reference(f"{model.name}_row")}
    explain = {"type": "boolean", "default": False, "description": "Say what each feature contributed."}
    schema = _object({"rows": rows, "explain": explain}, optional=frozenset({"explain"}))
    first = dict(model.example.rows[0])
    return {**schema, "examples": [{"rows": [first]}, {"rows": [first], "explain": True}]}


def _prediction_schema(model: ServedModel) -> Document:
    output = model.signature.output
    if output.threshold is None:
        return {"type": "number", "description": output.name}
    below, above = output.labels
    probability = {"type": "number", "minimum": 0, "maximum": 1, "description": f"Probability of {above}."}
    text = f"{above} from a probability of {output.threshold:g} on, else {below}."
    return _object({"probability": probability, "label": {"enum": [below, above], "description": text}})


def _answer_schema(model: ServedModel) -> Document:
    text = {"type": "string"}
    properties = {
        "predictions": {
            "type": "array",
            "items": reference(f"{model.name}_prediction"),
            "description": "One a row, in the order of the rows.",
        },
        "model": _object({"name": text, "version": text, "digest": text}),
        "warnings": {"type": "array", "items": text, "description": "Values that training never saw."},
        "explanation": _explanation_schema(model),
    }
    return _object(properties, optional=frozenset({"warnings", "explanation"}))


def _explanation_schema(model: ServedModel) -> Document:
    number = {"type": "number"}
    contributions = _object(dict.fromkeys(model.signature.names, number))
    schema = _object(
        {
            "output": {"type": "string"},
            "base_value": {**number, "description": "The mean prediction of the stored example."},
            "contributions": {"type": "array", "items": contributions, "description": "One a row."},
            "method": {"enum": ["exact", "sampled"]},
            "background_rows": {"type": "integer"},
        }
    )
    text = "Shapley values: base_value and the contributions of a row add up to its prediction (its probability)."
    return {**schema, "description": text}


def _invocation_schema(model: ServedModel) -> Document:
    row = reference(f"{model.name}_row")
    rows = {"type": "array", "minItems": 1, "items": row}
    values = [feature_schema(model, feature) for feature in model.signature.features]
    names = list(model.signature.names)
    columns = _object(
        {name: {"type": "array", "minItems": 1, "items": value} for name, value in zip(names, values, strict=True)}
    )
    line = {"type": "array", "minItems": len(names), "maxItems": len(names), "prefixItems": values}
    data = {"type": "array", "minItems": 1, "items": line}
    order = {"const": names, "description": "In any order, with data in the same one."}
    split = _object({"columns": order, "data": data, "index": {"type": "array"}}, optional=frozenset({"index"}))
    formats = {"dataframe_records": rows, "dataframe_split": split, "instances": rows, "inputs": columns}
    params = {"type": "object", "properties": {"explain": {"type": "boolean"}}}
    return {
        "oneOf": [
            _object({name: schema, "params": params}, optional=frozenset({"params"}))
            for name, schema in formats.items()
        ],
        "examples": [{"dataframe_records": [dict(model.example.rows[0])]}],
    }


def _inference_schema(model: ServedModel) -> Document:
    count = len(model.signature.features)
    each = [_tensor_schema(model, feature) for feature in model.signature.features]
    inputs: Document = {"type": "array", "minItems": count, "maxItems": count, "items": {"oneOf": each}}
    if model.decoder.is_numeric:
        inputs = {"anyOf": [inputs, {"type": "array", "minItems": 1, "maxItems": 1, "items": _table_schema(count)}]}
    flag = {"type": "boolean"}
    wanted = _object(
        {
            "name": {"enum": list(output_names(model.signature))},
            "parameters": {"type": "object", "properties": {"binary_data": flag}},
        },
        optional=frozenset({"parameters"}),
    )
    properties = {
        "id": {"type": "string"},
        "parameters": {"type": "object", "properties": {"explain": flag, "binary_data_output": flag}},
        "inputs": inputs,
        "outputs": {"type": "array", "items": wanted},
    }
    schema = _object(properties, optional=frozenset({"id", "parameters", "outputs"}))
    return {**schema, "examples": [inference_example(model)]}


def _tensor_schema(model: ServedModel, feature: Feature) -> Document:
    shape = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1, "maxItems": 2}
    return _tensor(
        {
            "name": {"const": feature.name},
            "shape": shape,
            "datatype": {"enum": sorted(TAKEN[feature.kind])},
            "data": {"type": "array", "minItems": 1, "items": feature_schema(model, feature)},
        }
    )


def _table_schema(count: int) -> Document:
    size = {"type": "integer", "minimum": 1}
    return _tensor(
        {
            "name": {"type": "string", "description": "Any but that of a feature."},
            "shape": {"type": "array", "prefixItems": [size, {"const": count}], "minItems": 2, "maxItems": 2},
            "datatype": {"enum": sorted(NUMBERS)},
            "data": {"type": "array", "minItems": 1, "description": "Row after row, in the order of the metadata."},
        }
    )


def _tensor(properties: Document) -> Document:
    parameters = {"type": "object", "properties": {"binary_data_size": _BINARY}}
    return _object({**properties, "parameters": parameters}, optional=frozenset({"data", "parameters"}))


def _inference_answer_schema(model: ServedModel) -> Document:
    text = {"type": "string"}
    names = [*output_names(model.signature), CONTRIBUTIONS, BASE_VALUE]
    output = _object(
        {
            "name": {"enum": names},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "datatype": {"enum": ["FP64", "BYTES"]},
            "data": {"type": "array", "items": {"type": ["number", "string"]}},
            "parameters": {"type": "object", "properties": {"binary_data_size": _BINARY}},
        },
        optional=frozenset({"data", "parameters"}),
    )
    properties = {
        "model_name": text,
        "model_version": text,
        "parameters": {"type": "object"},
        "id": text,
        "outputs": {"type": "array", "items": output},
    }
    return _object(properties, optional=frozenset({"id"}))


def inference_example(model: ServedModel) -> Document:
    """An inference request that works: the first row of the example."""
    row = model.example.rows[0]
    return {
        "inputs": [
            {"name": feature.name, "shape": [1], "datatype": DATATYPE_OF[feature.kind], "data": [row[feature.name]]}
            for feature in model.signature.features
        ]
    }
