"""A draft as the file that a person reviews: one column a line, as the other contracts have it."""

from __future__ import annotations

from typing import Any

from modelyard.gates.drafting.draft import Draft

HEADING = (
    "# Drafted from a sample by `modelyard data new`: review it, then set status to active. "
    "Open Data Contract Standard, https://bitol-io.github.io/open-data-contract-standard/"
)


def render_contract(draft: Draft) -> str:
    """The text of `contract.yaml`."""
    document = draft.to_document()
    (table,) = document.pop("schema")
    lines = [HEADING, _block(document), "schema:", f"  - name: {_flow(table['name'])}"]
    lines += [f"    physicalName: {_flow(table['physicalName'])}", "    properties:"]
    lines += [f"      - {_flow(column)}" for column in table["properties"]]
    for key in ("customProperties", "quality"):
        lines += [f"    {key}:", *(f"      - {_flow(entry)}" for entry in table[key])]
    return "\n".join(lines) + "\n"


def _block(document: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000).rstrip()


def _flow(value: Any) -> str:  # noqa: ANN401 - whatever YAML writes
    """One value on one line."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text.removesuffix("\n").removesuffix("\n...").rstrip()
