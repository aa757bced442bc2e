"""Whether an OpenAPI document holds together: its version, its paths, its references, and the model's fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modelyard_bundle import Feature, Signature

_METHODS = frozenset({"get", "post"})
_TYPES = {"number": "number", "integer": "integer", "category": "string", "boolean": "boolean"}


def faults_of(document: object, *, signature: Signature, version: str) -> list[str]:
    """What is wrong with the document of a model; nothing if it is in order.

    Args:
        document: What the model API gave.
        signature: The model's.
        version: The version that it must describe.
    """
    if not isinstance(document, dict):
        return ["it is not a JSON object"]
    faults = [] if str(document.get("openapi", "")).startswith("3.1") else ["it is not OpenAPI 3.1"]
    if not {"title", "version"} <= set(document.get("info", {})):
        faults.append("it has no title and version")
    paths = document.get("paths", {})
    faults += [f"{path} is missing" for path in paths_of(signature.model, version) if path not in paths]
    faults += _operation_faults(paths)
    faults += [
        f"{reference} leads nowhere" for reference in _references(document) if not _resolves(document, reference)
    ]
    return faults + _feature_faults(document, signature)


def paths_of(model: str, version: str) -> tuple[str, ...]:
    """The paths that the document must describe."""
    return (
        "/v2/health/ready",
        f"/v2/models/{model}",
        f"/v2/models/{model}/infer",
        f"/v2/models/{model}/versions/{version}/infer",
        f"/models/{model}/invocations",
        f"/models/{model}/predict",
    )


def _operation_faults(paths: dict[str, Any]) -> list[str]:
    faults = []
    for path, operations in paths.items():
        if not path.startswith("/") or not operations or not set(operations) <= _METHODS:
            faults.append(f"{path} has no operation, or one that is none")
        faults += [f"{path} has no answers" for operation in operations.values() if not operation.get("responses")]
    return faults


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and isinstance(inner, str):
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _resolves(document: dict[str, Any], reference: str) -> bool:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return reference.startswith("#/")


def _feature_faults(document: dict[str, Any], signature: Signature) -> list[str]:
    row = document.get("components", {}).get("schemas", {}).get(f"{signature.model}_row", {})
    found, names = row.get("properties", {}), list(signature.names)
    if list(found) != names or sorted(row.get("required", [])) != sorted(names):
        return [f"{signature.model}_row does not have the model's features"]
    return [fault for feature in signature.features for fault in _value_faults(found[feature.name], feature)]


def _value_faults(schema: dict[str, Any], feature: Feature) -> Iterator[str]:
    kind = _TYPES[feature.kind]
    for key, wanted in (
        ("type", [kind, "null"] if feature.nullable else kind),
        ("x-categories", None if feature.categories is None else list(feature.categories)),
        ("x-minimum", feature.minimum),
        ("x-maximum", feature.maximum),
    ):
        if schema.get(key) != wanted:
            yield f"{key} of {feature.name} is {str(schema.get(key))[:80]}, expected {str(wanted)[:80]}"
