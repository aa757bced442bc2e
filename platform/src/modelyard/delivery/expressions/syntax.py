"""What an expression is made of, once it is parsed."""

from __future__ import annotations

from dataclasses import dataclass

from modelyard.delivery.expressions.values import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written: True, 1.5, 1.2.3 or 'text'."""

    value: Value


@dataclass(frozen=True, slots=True)
class Root:
    """A named value: parameters, variables, dependencies, a loop's variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    """Spelt as it is documented."""
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """A part of a value: `of.key` or `of[key]`; after a dot the key is a literal."""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Every:
    """Each part of a value, `of.*` or `of[*]`: a filtered array, whose own parts are looked up item by item."""

    of: Node


Node = Literal | Root | Call | Index | Every


def chain_of(node: Node) -> tuple[Literal | Root | Call, list[Index | Every]]:
    """What a part is a part of, in the end; and the parts on the way to it, in the order of the text."""
    parts: list[Index | Every] = []
    while isinstance(node, Index | Every):
        parts.insert(0, node)
        node = node.of
    return node, parts
