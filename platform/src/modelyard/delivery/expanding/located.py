"""Nodes as values of expressions, and back. A part that was a node stays that node, with the place it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expressions.values import Value, is_array, is_object, read_number, to_text
from modelyard.delivery.places import Place

WORDS: Mapping[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)")


class LocatedMapping(dict[str, Value]):
    """A mapping that remembers the node it was read from."""

    __slots__ = ("node",)

    def __init__(self, values: Mapping[str, Value], node: Fields) -> None:
        super().__init__(values)
        self.node = node


class LocatedList(list[Value]):
    """A list that remembers the node it was read from."""

    __slots__ = ("node",)

    def __init__(self, values: Sequence[Value], node: Items) -> None:
        super().__init__(values)
        self.node = node


def to_value(node: Node, *, typed: bool = False) -> Value:
    """What an expression sees of a node: texts, lists and mappings.

    Args:
        node: what was written.
        typed: bare words and numbers count as booleans, numbers and nothing, as in a parameter of type object.
    """
    if isinstance(node, Scalar):
        return _typed(node.text) if typed and node.bare else node.text
    if isinstance(node, Items):
        return LocatedList([to_value(item, typed=typed) for item in node.items], node)
    return LocatedMapping({key.text: to_value(value, typed=typed) for key, value in node.entries}, node)


def _typed(text: str) -> Value:
    """A bare scalar by the core schema of YAML 1.2."""
    if text in WORDS:
        return WORDS[text]
    number = read_number(text) if _NUMBER.fullmatch(text) else None
    return text if number is None else number


def to_node(value: Value, place: Place) -> Node:
    """The node of a value; of a scalar, at the place where it is used."""
    if isinstance(value, LocatedMapping | LocatedList):
        return value.node
    if is_object(value):
        return Fields(tuple((Scalar(str(key), place), to_node(part, place)) for key, part in value.items()), place)
    if is_array(value):
        return Items(tuple(to_node(item, place) for item in value), place)
    return Scalar(to_text(value) or "", place)
