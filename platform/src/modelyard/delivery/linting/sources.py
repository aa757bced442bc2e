"""Pipeline files as they are written, with the line of every key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar, scalars
from modelyard.delivery.expanding.reading import read_yaml
from modelyard.delivery.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file."""

    file: str
    """From the root of the repository."""
    text: str
    top: Fields
    entry: bool = False
    """Whether a pipeline begins here; else it is a template."""

    @property
    def place(self) -> Place:
        """The beginning."""
        return self.top.place

    @property
    def texts(self) -> Iterator[Scalar]:
        """Every text, keys too."""
        return scalars(self.top)

    @property
    def mappings(self) -> Iterator[Fields]:
        """Every mapping, from the outside inwards."""
        return mappings_of(self.top)

    def line(self, number: int) -> str:
        """One line of the text, counted from 1; empty outside of it."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def find(self, place: Place, key: str) -> tuple[Scalar, Node] | None:
        """The key, in any spelling, of the mapping that stands at a place, or of a mapping directly in it."""
        for fields in self.mappings:
            if fields.place.line == place.line:
                found = entry_of(fields, key) or next(
                    (entry for _, inner in fields.entries if (entry := entry_of(inner, key))), None
                )
                if found:
                    return found
        return None


def read_source(content: bytes, file: str, *, entry: bool = False) -> Source:
    """Reads one file.

    Raises:
        InvalidPipelineError: it is no YAML that the service reads.
    """
    top = read_yaml(content, file)
    return Source(file=file, text=content.decode("utf-8-sig"), top=top, entry=entry)


def mappings_of(node: Node) -> Iterator[Fields]:
    """A node and what is below it, as far as these are mappings."""
    if isinstance(node, Fields):
        yield node
        for _, value in node.entries:
            yield from mappings_of(value)
    elif isinstance(node, Items):
        for item in node.items:
            yield from mappings_of(item)


def entry_of(node: Node | None, key: str) -> tuple[Scalar, Node] | None:
    """One key of a mapping with its value, in any spelling."""
    if not isinstance(node, Fields):
        return None
    return next((entry for entry in node.entries if entry[0].text.lower() == key.lower()), None)


def items_of(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; nothing of other nodes."""
    return node.items if isinstance(node, Items) else ()


def text_of(node: Node | None) -> str:
    """A text; empty for other nodes."""
    return node.text if isinstance(node, Scalar) else ""
