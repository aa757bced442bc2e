"""The ids that Azure's resources have, or would have: they follow from the inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelyard_infra.azure.registered import PACKAGE
from modelyard_infra.stacks.stack_state import Identify

PLACEHOLDER = re.compile(r"\{(\w+)\}")


def identifier(subscription_id: str) -> Identify:
    """What tells a resource's id in a subscription."""
    from modelyard_infra.catalogue import UnknownKindError, load_catalogue

    def identify(entry: Mapping[str, Any]) -> str | None:
        package, _, kind = str(entry.get("type", "")).partition(":")
        try:
            template = load_catalogue()[kind].id_template
        except UnknownKindError:
            return None
        values = {**(entry.get("inputs") or {}), "subscriptionId": subscription_id}
        return filled(template, values) if package == PACKAGE else None

    return identify


def filled(template: str, values: Mapping[str, Any]) -> str | None:
    """A template with its names filled in; None where one of them is missing.

    Args:
        template: an id with names in braces, as `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}`.
        values: texts by name.
    """
    names = PLACEHOLDER.findall(template)
    if not all(isinstance(values.get(name), str) and values[name] for name in names):
        return None
    text = PLACEHOLDER.sub(lambda found: str(values[found.group(1)]).strip("/"), template)
    return f"/{text.lstrip('/')}"
