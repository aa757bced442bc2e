"""The three ways an expression or a variable stands in a text: `${{ }}`, `$[ ]` and `$( )`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.delivery.expressions.lexing import shortened
from modelyard.delivery.expressions.looking_up import find_named
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

INSIDE = re.compile(r"((?:'[^']*'|[^'])*?)\}\}", re.DOTALL)
"""From behind the opening to the closing that is not in a string."""
DEEPEST = 20
"""How often a variable's value may name another one. The service's agent goes on to 50; nobody writes that many, and
values that name two others each would take for ever."""
MACRO = re.compile(r"\$\(([A-Za-z_][\w.\-]*)\)")
"""`$(name)`, which the service replaces before a shell sees it."""
RUNTIME = re.compile(r"\$\[(.*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What stands inside one `${{ }}`: an expression, or a directive such as `if`, `each`, `insert`."""

    text: str
    """Without the marks and the white space around it."""
    at: int
    """Characters of the whole text before its `${{`."""


def compile_time_parts(text: str, place: Place) -> list[str | Embedded]:
    """A text cut into what stays and what is worked out when templates are expanded, in order; no part is empty.

    Raises:
        InvalidPipelineError: a `${{` without its `}}`.
    """
    parts: list[str | Embedded] = []
    at = 0
    while (opening := text.find("${{", at)) >= 0:
        inside = INSIDE.match(text, opening + 3)
        if inside is None:
            raise InvalidPipelineError(
                f"{place}: {shortened(text[opening:])} begins an expression that is not closed",
                hint="End it with }}; inside it, strings are in single quotes and a quote in a string is ''.",
            )
        if opening > at:
            parts.append(text[at:opening])
        parts.append(Embedded(inside.group(1).strip(), opening))
        at = inside.end()
    return parts + ([text[at:]] if at < len(text) else [])


def runtime_expression(text: str) -> str | None:
    """The expression of a value that is `$[ ]` as a whole, without the marks; None for any other text."""
    match = RUNTIME.fullmatch(text)
    return match.group(1).strip() if match else None


def expand_macros(text: str, variables: Mapping[str, str]) -> str:
    """A text with the values of variables for `$(name)`, in any case. Unknown ones stay: a shell has its own `$( )`.

    The macros of a value are worked out first. What a value and the text around it add up to is not looked at again,
    as the service was seen to do, and a macro that leads back to itself stays.
    """
    return _expanded(text, variables, ())


def _expanded(text: str, variables: Mapping[str, str], around: tuple[str, ...]) -> str:
    """`around`: the variables whose values are being worked out, the outermost first."""
    out: list[str] = []
    at = 0
    while (closing := text.find(")", at)) >= 0:
        opening = text.rfind("$(", at, closing)
        name = text[opening + 2 : closing] if opening >= 0 else ""
        is_free = name.lower() not in around and len(around) < DEEPEST
        found = find_named(variables, name) if name and is_free else ()
        if found:
            out.append(text[at:opening] + _expanded(str(found[0]), variables, (*around, name.lower())))
        else:
            out.append(text[at : closing + 1])
        at = closing + 1
    return "".join(out) + text[at:]
