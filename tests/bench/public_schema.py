"""The schema that editors use for Azure Pipelines, written by others: what it alone says about expanded pipelines."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

YOUNGER = {"PublishCodeCoverageResults@2"}
"""Tasks that came after the schema; left out before it looks."""
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@cache
def validator() -> Draft7Validator:
    """The copy that check-jsonschema carries."""
    import check_jsonschema
    from jsonschema import Draft7Validator

    file = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor" / "azure-pipelines.json"
    return Draft7Validator(json.loads(file.read_text(encoding="utf-8")))


def accepts(text: str) -> bool:
    """Whether an expanded pipeline keeps the schema."""
    return bool(validator().is_valid(_as_the_schema_has_it(yaml.load(text, Loader=LOADER))))


def _as_the_schema_has_it(value: Any, *, within: str = "") -> Any:
    """Every scalar is a text there, but what is true or false among a task's inputs."""
    if isinstance(value, dict):
        names = {key: "inputs" if within == "inputs" else str(key) for key in value}
        return {key: _as_the_schema_has_it(one, within=names[key]) for key, one in value.items()}
    if isinstance(value, list):
        known = [one for one in value if not (isinstance(one, dict) and one.get("task") in YOUNGER)]
        return [_as_the_schema_has_it(one, within=within) for one in known]
    return {"true": True, "false": False}.get(value, value) if within == "inputs" else value
