"""Which functions there are, how many arguments each takes, and what it does."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelyard.delivery.expressions.values import ExpressionError


@dataclass(frozen=True, slots=True)
class Declared:
    """One documented function."""

    name: str
    takes: str
    """Its arguments as people write them."""
    does: str
    least: int
    most: int | None
    """None for any number."""

    def allows(self, count: int) -> bool:
        """Whether it may be called with `count` arguments."""
        return count >= self.least and (self.most is None or count <= self.most)


GENERAL: tuple[Declared, ...] = (
    Declared("and", "(a, b, ...)", "True if all are true; stops at the first that is not", 2, None),
    Declared("coalesce", "(a, b, ...)", "the first that is neither nothing nor the empty string", 2, None),
    Declared("contains", "(text, piece)", "whether a string has another in it; any case", 2, 2),
    Declared("containsValue", "(values, value)", "whether an array or an object has a value; any case", 2, 2),
    Declared("convertToJson", "(value)", "any value as JSON, indented by two spaces", 1, 1),
    Declared("endsWith", "(text, piece)", "whether a string ends with another; any case", 2, 2),
    Declared("eq", "(left, right)", "whether both are equal, with right converted to the kind of left; any case", 2, 2),
    Declared("format", "(text, a, b, ...)", "a text with values for {0}, {1}; {{ and }} are braces", 1, 255),
    Declared("ge", "(left, right)", "whether left is greater or equal", 2, 2),
    Declared("gt", "(left, right)", "whether left is greater", 2, 2),
    Declared("iif", "(test, a, b)", "a if the test is true, else b", 3, 3),
    Declared("in", "(left, a, b, ...)", "whether left equals one of the others", 2, None),
    Declared("join", "(separator, values)", "the items of an array as one string", 2, 2),
    Declared("le", "(left, right)", "whether left is less or equal", 2, 2),
    Declared("length", "(value)", "how many characters, items or properties a value has", 1, 1),
    Declared("lower", "(text)", "a string in small letters", 1, 1),
    Declared("lt", "(left, right)", "whether left is less", 2, 2),
    Declared("ne", "(left, right)", "whether both differ", 2, 2),
    Declared("not", "(value)", "True if it is false", 1, 1),
    Declared("notIn", "(left, a, b, ...)", "whether left equals none of the others", 2, None),
    Declared("or", "(a, b, ...)", "True if one is true; stops at the first that is", 2, None),
    Declared("replace", "(text, old, new)", "a string with every old replaced by new; case counts", 3, 3),
    Declared("split", "(text, separator)", "the pieces of a string between the separators", 2, 2),
    Declared("startsWith", "(text, piece)", "whether a string starts with another; any case", 2, 2),
    Declared("substring", "(text, start, count)", "a part of a string, its place counted from 0; not documented", 3, 3),
    Declared("trim", "(text)", "a string without white space at its ends", 1, 1),
    Declared("upper", "(text)", "a string in capital letters", 1, 1),
    Declared("xor", "(a, b)", "whether exactly one is true", 2, 2),
)
"""Functions that look only at their arguments."""
STATUS: tuple[Declared, ...] = (
    Declared("always", "()", "True, also after a cancellation", 0, 0),
    Declared("canceled", "()", "whether the run, or the step's job, was cancelled", 0, 0),
    Declared("failed", "(name, ...)", "whether one of these, or anything this depends on, failed", 0, None),
    Declared("succeeded", "(name, ...)", "whether all of these, or everything this depends on, succeeded", 0, None),
    Declared("succeededOrFailed", "(name, ...)", "whether one of them ran to its end; not when cancelled", 0, None),
)
"""Functions of conditions: they look at what already ran."""
COUNTING: tuple[Declared, ...] = (
    Declared("counter", "(prefix, seed)", "a number that grows with each run, counted for each prefix", 1, 2),
)
"""Functions of a variable's value in `$[ ]`."""


def declared() -> dict[str, Declared]:
    """Every documented function, by its name in lower case."""
    return {function.name.lower(): function for function in (*GENERAL, *STATUS, *COUNTING)}


def names(functions: Iterable[Declared]) -> tuple[str, ...]:
    """Their names."""
    return tuple(function.name for function in functions)


def close_to(name: str, allowed: Iterable[str]) -> str:
    """What may have been meant, as a sentence; else everything that is allowed."""
    known = {word.lower(): word for word in allowed}
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {known[near[0]]}?"
    return f"Known here: {', '.join(sorted(known.values(), key=str.lower)) or 'nothing'}."


def refuse_name(name: str, allowed: Sequence[str]) -> ExpressionError:
    """A function that does not exist."""
    return ExpressionError(f"there is no function {name}", hint=close_to(name, allowed))


def refuse_count(function: Declared, count: int) -> ExpressionError:
    """A function with too few or too many arguments."""
    if function.most is None:
        wanted = f"{function.least} or more arguments"
    else:
        least, most = function.least, function.most
        wanted = f"{most if least == most else f'{least} to {most}'} argument{'' if most == 1 else 's'}"
    return ExpressionError(
        f"{function.name} takes {wanted}, and {count} {'is' if count == 1 else 'are'} given",
        hint=f"{function.name}{function.takes}: {function.does}.",
    )
