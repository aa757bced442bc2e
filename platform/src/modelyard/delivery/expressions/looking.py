"""What an expression mentions, for checks that do not run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modelyard.delivery.expressions.parsing import Expression
from modelyard.delivery.expressions.syntax import Call, Index, Literal, Node, Root, chain_of

Path = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Roots:
    """The named values and functions of an expression, in the order of the text."""

    paths: tuple[Path, ...]
    """Each value that is looked up, as far as it goes: `dependencies.a.outputs['b.c']` is four names. None stands for a
    part that is worked out, and for `*`."""
    calls: tuple[tuple[str, Path], ...]
    """Each function with its arguments where they are literals, and None for those that are not."""

    @property
    def values(self) -> tuple[str, ...]:
        """The names of the values, each once, as they are written."""
        return tuple(dict.fromkeys(str(path[0]) for path in self.paths))

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of the functions, each once, as they are documented."""
        return tuple(dict.fromkeys(name for name, _ in self.calls))


def find_roots(expression: Expression) -> Roots:
    """Everything that an expression mentions."""
    mentions = list(_walk(expression.node))
    return Roots(
        paths=tuple(path for name, path in mentions if name is None),
        calls=tuple((name, path) for name, path in mentions if name is not None),
    )


def _walk(node: Node) -> Iterator[tuple[str | None, Path]]:
    start, parts = chain_of(node)
    if isinstance(start, Root):
        yield None, (start.name, *(_literal(part.key) if isinstance(part, Index) else None for part in parts))
    elif isinstance(start, Call):
        yield start.name, tuple(_literal(argument) for argument in start.arguments)
        for argument in start.arguments:
            yield from _walk(argument)
    for part in parts:
        if isinstance(part, Index):
            yield from _walk(part.key)


def _literal(node: Node) -> str | None:
    return str(node.value) if isinstance(node, Literal) else None
