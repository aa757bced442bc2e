"""What a pipeline takes from outside: repositories, pipelines, containers, packages, webhooks."""

from __future__ import annotations

from typing import Any

from modelyard.delivery.expanding.nodes import Fields, Items, Node, plain
from modelyard.delivery.expanding.typed.checking import as_fields, as_items, as_text, check_first, check_keys
from modelyard.delivery.expanding.typed.keys import FILTERS, PIPELINE_TRIGGER, RESOURCE, RESOURCES, WEBHOOK_FILTER


def read_resources(node: Node | None) -> dict[str, Any]:
    """The resources of a pipeline, as plain values.

    Raises:
        InvalidPipelineError: one of them is not as the service wants it.
    """
    if node is None:
        return {}
    fields = as_fields(node, "`resources`")
    check_keys(fields, RESOURCES, "`resources`")
    for key, value in fields.entries:
        for item in as_items(value, f"`resources.{key.text}`"):
            _check(as_fields(item, f"a resource of `{key.text}`"), key.text)
    return dict(plain(fields))


def _check(resource: Fields, kind: str) -> None:
    check_first(resource, (RESOURCES[kind],), f"a resource of `{kind}`")
    check_keys(resource, RESOURCE[kind], f"a resource of `{kind}`")
    trigger = resource.get("trigger")
    if kind == "pipelines" and isinstance(trigger, Fields):
        check_keys(trigger, PIPELINE_TRIGGER, "the trigger of a pipeline resource")
        if not isinstance(trigger.get("branches"), Items):
            check_filter(trigger.get("branches"), "branches")
    filters = resource.get("filters")
    for item in as_items(filters, "`filters`") if filters else ():
        check_keys(as_fields(item, "a filter"), WEBHOOK_FILTER, "a filter of a webhook")


def check_filter(node: Node | None, name: str) -> None:
    """What is included and excluded: branches, paths or tags.

    Raises:
        InvalidPipelineError: it says it in another way.
    """
    if node is None:
        return
    fields = as_fields(node, f"`{name}`")
    check_keys(fields, FILTERS, f"`{name}`")
    for _, value in fields.entries:
        for item in as_items(value, f"`{name}`"):
            as_text(item, f"an item of `{name}`")
