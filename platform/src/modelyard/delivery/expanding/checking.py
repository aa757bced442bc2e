"""Looks at every `${{ }}` of a file when it is read, those in branches that are not taken too, as the service does."""

from __future__ import annotations

from modelyard.delivery.expanding.directives import directive_of, refuse_directive, whole_expression
from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expressions.parsing import Expression, parse
from modelyard.delivery.expressions.texts import Embedded, compile_time_parts
from modelyard.delivery.places import Place


class Parsed:
    """Expressions of one expansion by their text: each is parsed once, however many lines and loops come to it."""

    def __init__(self) -> None:
        self._found: dict[str, Expression] = {}

    def __call__(self, text: str, place: Place) -> Expression:
        """The expression; of several with the same text the place is that of the first.

        Raises:
            InvalidPipelineError: it is none.
        """
        known = self._found.get(text)
        if known is None:
            known = self._found[text] = parse(text, place)
        return known


def check_expressions(node: Node, parsed: Parsed) -> None:
    """Parses every template expression in a file. What names stand for is not known yet, and not asked.

    Raises:
        InvalidPipelineError: one is not an expression; the message begins with its file and line.
    """
    if isinstance(node, Scalar):
        _check_value(node, parsed)
    elif isinstance(node, Items):
        for item in node.items:
            check_expressions(item, parsed)
    else:
        _check_fields(node, parsed)


def _check_fields(node: Fields, parsed: Parsed) -> None:
    for key, value in node.entries:
        if "${{" in key.text:
            _check_key(key, parsed)
        check_expressions(value, parsed)


def _check_key(key: Scalar, parsed: Parsed) -> None:
    directive = directive_of(key)
    if directive is None:
        _check_parts(key, parsed)
    elif directive.text:
        parsed(directive.text, directive.place)


def _check_value(value: Scalar, parsed: Parsed) -> None:
    if "${{" not in value.text:
        return
    whole = whole_expression(value)
    if whole is not None:
        refuse_directive(value, whole)
    _check_parts(value, parsed)


def _check_parts(scalar: Scalar, parsed: Parsed) -> None:
    for part in compile_time_parts(scalar.text, scalar.place):
        if isinstance(part, Embedded):
            parsed(part.text, scalar.at(part.at))
