"""YAML as a tree whose every part knows its file and line.

Every scalar is text: `true`, `2` and `null` are words until a declared type makes more of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modelyard.delivery.places import Place


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text."""

    text: str
    place: Place
    block: bool = False
    """Written as a block (`|` or `>`): its text begins on the next line."""
    bare: bool = False
    """Written without quotes, so that an object's `true` is a boolean; what an expression gives never is."""

    kind = "a text"

    def at(self, offset: int) -> Place:
        """The place of one character of the text."""
        if not self.block:
            return self.place
        return Place(self.place.file, self.place.line + 1 + self.text.count("\n", 0, offset))


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place

    kind = "a list"


@dataclass(frozen=True, slots=True)
class Fields:
    """Keys with their values, in the order of the file."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    kind = "a mapping"

    def get(self, name: str) -> Node | None:
        """The value of a key."""
        return next((value for key, value in self.entries if key.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """The key itself, which knows its place."""
        return next((key for key, _ in self.entries if key.text == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The keys."""
        return tuple(key.text for key, _ in self.entries)


Node = Scalar | Items | Fields


def plain(node: Node) -> Any:  # noqa: ANN401 - a tree of texts has no closer type
    """The node as texts, lists and dictionaries."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.entries}


def scalars(node: Node) -> Iterator[Scalar]:
    """Every text of a tree, keys too, in the order of the file."""
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Items):
        for item in node.items:
            yield from scalars(item)
    else:
        for key, value in node.entries:
            yield key
            yield from scalars(value)
