"""Whether an OpenAPI document holds together: its version, its paths, its references, and the model's fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_METHODS = frozenset({"get", "post"})


def faults_of(document: object, *, model: str, features: Sequence[str]) -> list[str]:
    """What is wrong with the document; nothing if it is in order."""
    if not isinstance(document, dict):
        return ["it is not a JSON object"]
    faults = [] if str(document.get("openapi", "")).startswith("3.1") else ["it is not OpenAPI 3.1"]
    if not {"title", "version"} <= set(document.get("info", {})):
        faults.append("it has no title and version")
    paths = document.get("paths", {})
    wanted = (f"/v2/models/{model}/infer", f"/models/{model}/invocations", "/v2/health/ready")
    faults += [f"{path} is missing" for path in wanted if path not in paths]
    faults += _operation_faults(paths)
    faults += [
        f"{reference} leads nowhere" for reference in _references(document) if not _resolves(document, reference)
    ]
    return faults + _feature_faults(document, model=model, features=features)


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


def _feature_faults(document: dict[str, Any], *, model: str, features: Sequence[str]) -> list[str]:
    row = document.get("components", {}).get("schemas", {}).get(f"{model}_row", {})
    if list(row.get("properties", {})) != list(features) or sorted(row.get("required", [])) != sorted(features):
        return [f"{model}_row does not have the model's features"]
    return []
