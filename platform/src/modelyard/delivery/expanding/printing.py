"""The final YAML as text: keys in the order of the files, scripts as blocks."""

from __future__ import annotations

import re

import yaml

from modelyard.delivery.expanding.expansion import Expansion
from modelyard.delivery.expanding.nodes import Items, Node, Scalar

WIDEST = 120
TEXT, BOOLEAN, INTEGER = (f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "int"))
_BOOLEAN = re.compile("true|false|True|False")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")


class _Dumper(yaml.SafeDumper):
    """PyYAML's own, but lists stand further in than their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001 - PyYAML's signature
        del indentless
        super().increase_indent(flow, indentless=False)


def to_yaml(expansion: Expansion) -> str:
    """The final YAML of an entry file; reading it again gives the same pipeline."""
    return yaml.serialize(_node(expansion.node), Dumper=_Dumper, width=WIDEST, allow_unicode=True)


def _node(node: Node) -> yaml.Node:
    if isinstance(node, Scalar):
        return _scalar(node.text)
    if isinstance(node, Items):
        parts = [_node(item) for item in node.items]
        return yaml.SequenceNode("tag:yaml.org,2002:seq", parts, flow_style=not parts)
    entries = [(_scalar(key.text), _node(value)) for key, value in node.entries]
    return yaml.MappingNode("tag:yaml.org,2002:map", entries, flow_style=not entries)


def _scalar(text: str) -> yaml.ScalarNode:
    """Words for true and false and whole numbers stay bare; other texts get quotes where YAML would misread them."""
    tag = BOOLEAN if _BOOLEAN.fullmatch(text) else INTEGER if _INTEGER.fullmatch(text) else TEXT
    return yaml.ScalarNode(tag, text, style="|" if "\n" in text else None)
