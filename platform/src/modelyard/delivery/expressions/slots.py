"""Which values and functions an expression may use, by where it stands.

Source: Microsoft's reference of expressions and of each context; where it is silent or says otherwise, what the service
was seen to accept and to refuse.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from modelyard.delivery.expressions.declaring import COUNTING, GENERAL, STATUS, names
from modelyard.delivery.expressions.looking import find_roots
from modelyard.delivery.expressions.parsing import Expression

Slot = Literal["template", "variable", "job variable", "condition", "step condition"]
"""`${{ }}`; `$[ ]` of a pipeline's and a stage's variable; `$[ ]` of a job's variable or matrix; the condition of a
stage or a job; that of a step."""
TEMPLATES_ONLY = ("split",)
"""General functions that are not there when a run has begun."""


def allowed_values(slot: Slot) -> tuple[str, ...]:
    """The named values of a slot."""
    if slot == "template":
        return ("parameters", "variables")
    if slot == "variable":
        return ("variables", "resources", "pipeline")
    if slot == "step condition":
        return ("variables",)
    late = ("variables", "dependencies", "stageDependencies", "pipeline")
    return (*late, "resources") if slot == "job variable" else late


def allowed_functions(slot: Slot) -> tuple[str, ...]:
    """The functions of a slot."""
    if slot == "template":
        return names(GENERAL)
    late = tuple(name for name in names(GENERAL) if name not in TEMPLATES_ONLY)
    return late + names(STATUS if slot in ("condition", "step condition") else COUNTING)


def misplaced(expression: Expression, slot: Slot, *, also: Iterable[str] = ()) -> list[str]:
    """What an expression uses that is not there where it stands, each as a sentence; `also` are loop variables."""
    roots = find_roots(expression)
    values = {name.lower() for name in (*allowed_values(slot), *also)}
    found = [
        f"{name} is not known in a {slot}; there are {', '.join((*allowed_values(slot), *also))}."
        for name in roots.values
        if name.lower() not in values
    ]
    found += [f"{name} is not known in a {slot}." for name in roots.functions if name not in allowed_functions(slot)]
    if slot == "step condition":
        status = names(STATUS)
        found += [f"{name} takes no names in a {slot}." for name, given in roots.calls if name in status and given]
    return found
