"""What was released without a commit, as a stack's state remembers it: every agent with that state knows the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from modelyard.errors import ProvisioningFailedError
from modelyard_infra.blueprint.azure.released import Releases, Remembered

STASH = "pulumi:index:Stash"
"""Pulumi's own kind of resource that only remembers."""
NAME = "::releases"


def remembered_in(deployment: Mapping[str, Any]) -> Releases:
    """What was released, by model; nothing where nothing was.

    Args:
        deployment: a stack's state.

    Raises:
        ProvisioningFailedError: another version of Modelyard wrote it.
    """
    for entry in deployment.get("resources") or []:
        if entry.get("type") == STASH and str(entry.get("urn")).endswith(NAME) and not entry.get("delete"):
            return _read(entry.get("inputs") or {})
    return {}


def _read(inputs: Mapping[str, Any]) -> Releases:
    try:
        return TypeAdapter(dict[str, Remembered]).validate_python(inputs.get("input"))
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, one["loc"])) or "all" for one in error.errors()}))
        raise ProvisioningFailedError(
            f"what the stack remembers of releases cannot be understood: {wrong}",
            hint="run the version of Modelyard that released last, or a later one",
        ) from None
