"""`${{ if }}`, `${{ elseif }}`, `${{ else }}`, `${{ each }}` and `${{ insert }}`, as keys of mappings and in lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from modelyard.delivery.expanding.nodes import Scalar
from modelyard.delivery.expanding.refusing import excerpt, refuse
from modelyard.delivery.expressions.texts import Embedded, compile_time_parts
from modelyard.delivery.places import Place

Kind = Literal["if", "elseif", "else", "each", "insert"]
_WORDS = re.compile(r"(if|elseif|else|each|insert)\b(?![.\[])(.*)", re.DOTALL)
_FOREIGN = re.compile(r"(elif|elsif|foreach|for|unless|while|with)\s")
"""What other languages call it."""
_EACH = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s+in\s+(.+)", re.DOTALL)
RESERVED = ("parameters", "variables")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """What a key asks of the expander."""

    kind: Kind
    text: str
    """The expression; empty for else and insert."""
    name: str
    """A loop's variable."""
    place: Place


def directive_of(key: Scalar) -> Directive | None:
    """Reads a key as a directive; None for every other key.

    Raises:
        InvalidPipelineError: it begins as one and is none.
    """
    whole = whole_expression(key) or ""
    found = _WORDS.fullmatch(whole)
    if found is None:
        if _FOREIGN.match(whole):
            hint = "the words are if, elseif, else, each and insert"
            refuse(key.place, f"{excerpt(whole)} begins with a word that template expressions do not have", hint=hint)
        return None
    kind, rest = found.group(1), found.group(2).strip()
    if kind in ("else", "insert"):
        if rest:
            hint = "write `${{ elseif CONDITION }}:`" if kind == "else" else "write `${{ insert }}: ${{ VALUE }}`"
            refuse(key.place, f"`{kind}` takes no expression, found {excerpt(rest)}", hint=hint)
        return Directive(kind="else" if kind == "else" else "insert", text="", name="", place=key.place)
    if not rest:
        example = "each item in parameters.LIST" if kind == "each" else f"{kind} eq(parameters.NAME, 'VALUE')"
        refuse(key.place, f"`{kind}` lacks its expression", hint=f"write `${{{{ {example} }}}}:`")
    if kind == "each":
        return _each(rest, key.place)
    return Directive(kind="if" if kind == "if" else "elseif", text=rest, name="", place=key.place)


def whole_expression(scalar: Scalar) -> str | None:
    """The expression of a text that is one `${{ }}` and nothing else."""
    if "${{" not in scalar.text:
        return None
    parts = compile_time_parts(scalar.text, scalar.place)
    return parts[0].text if len(parts) == 1 and isinstance(parts[0], Embedded) else None


def _each(rest: str, place: Place) -> Directive:
    found = _EACH.fullmatch(rest)
    if not found:
        hint = "write `${{ each item in parameters.LIST }}:`"
        refuse(place, f"`each` needs a name, `in` and a list or mapping, found {excerpt(rest)}", hint=hint)
    name = found.group(1)
    if name.lower() in RESERVED:
        refuse(place, f"a loop's variable cannot be called '{name}'", hint="give it another name")
    return Directive(kind="each", text=found.group(2), name=name, place=place)


def refuse_directive(scalar: Scalar, expression: str) -> None:
    """A value is no directive; somebody forgot the colon.

    Raises:
        InvalidPipelineError: it is one all the same.
    """
    found = _WORDS.fullmatch(expression)
    if found and (not found.group(2) or found.group(2)[0].isspace()):
        hint = f"write `{excerpt(scalar.text)[1:-1]}:`, and below it what belongs to it"
        refuse(scalar.place, f"`{found.group(1)}` is a key, so a colon belongs behind it", hint=hint)
