"""What a condition may come to, as far as that can be told before a run.

A condition is worked out for every combination of what it asks for: results of what came before, and, for variables and
outputs that nobody knows here, every value that the condition compares them with and one that it does not. That is
every case as long as it only asks whether they are equal to something; any other question about them (`startsWith`,
`length`, `ge`) may be answered either way. So a stage counts as "may run" if any value could make it run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.parsing import parse
from modelyard.delivery.expressions.status import GOOD
from modelyard.delivery.expressions.syntax import Call, Every, Index, Literal, Node, Root
from modelyard.delivery.expressions.values import ExpressionError, Value, to_boolean
from modelyard.delivery.expressions.working import work_out
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

RESULTS = frozenset({*GOOD, "Failed", "Skipped", "Canceled"})
BAD = ("Failed", "Skipped", "Canceled")
MOST_COMBINATIONS = 4096
"""A condition with more of them counts as one that may be true and may be false."""
EITHER = frozenset({True, False})
EQUALITIES = frozenset({"and", "or", "not", "xor", "eq", "ne", "in", "notIn"})
"""Functions that tell values apart only by whether they are equal to each other."""
Possible = Mapping[str, frozenset[str]]
"""By the name of a stage or job: every result that it may have."""
Question = Callable[[Sequence[frozenset[str]]], frozenset[bool]]
"""Takes what each of those that are asked about may come to; gives what it may be answered with."""


def truths(condition: str | None, *, before: Possible, direct: Sequence[str] = ()) -> frozenset[bool]:
    """What a condition may come to: {True}, {False} or both. One that cannot be read may come to both.

    Args:
        condition: as written; None is `succeeded()`.
        before: possible results of everything that it depends on, directly and indirectly; of a step, its job so far.
        direct: the names that conditions may ask by name.
    """
    node = _read(condition or "succeeded()")
    if node is None:
        return EITHER
    atoms = list(dict.fromkeys(_atoms(node)))
    choices = [_choices(atom, _literals(node), before, direct) for atom in atoms]
    combinations = 1
    for choice in choices:
        combinations *= len(choice)
    if combinations > MOST_COMBINATIONS:
        return EITHER
    found = (_come_to(node, dict(zip(atoms, values, strict=True))) for values in itertools.product(*choices))
    return frozenset().union(*found)


@lru_cache(maxsize=512)
def _read(condition: str) -> Node | None:
    try:
        return parse(condition, Place("", 0)).node
    except InvalidPipelineError:
        return None


def _come_to(node: Node, values: Mapping[Node, Value]) -> frozenset[bool]:
    try:
        return frozenset({to_boolean(work_out(_filled(node, values), Context()))})
    except ExpressionError:
        return EITHER


def _atoms(node: Node) -> Iterator[Node]:
    """What cannot be worked out without knowing a run: values, and questions about what came before."""
    if isinstance(node, Root | Index | Every) or (
        isinstance(node, Call) and (node.name in _QUESTIONS or _is_open(node))
    ):
        yield node
    elif isinstance(node, Call):
        for argument in node.arguments:
            yield from _atoms(argument)


def _is_open(call: Call) -> bool:
    """Whether it asks something else about a value that nobody knows than what it is equal to."""
    return call.name not in EQUALITIES and any(_asked_result(atom) is None for atom in _unknown(call))


def _unknown(node: Node) -> Iterator[Node]:
    if isinstance(node, Root | Index | Every):
        yield node
    elif isinstance(node, Call) and node.name not in _QUESTIONS:
        for argument in node.arguments:
            yield from _unknown(argument)


def _filled(node: Node, values: Mapping[Node, Value]) -> Node:
    if node in values:
        return Literal(values[node])
    if isinstance(node, Call):
        return Call(node.name, tuple(_filled(argument, values) for argument in node.arguments))
    return node


def _literals(node: Node) -> tuple[Value, ...]:
    if isinstance(node, Literal):
        return (node.value,)
    if isinstance(node, Call):
        return tuple(value for argument in node.arguments for value in _literals(argument))
    return ()


def _choices(atom: Node, literals: Iterable[Value], before: Possible, direct: Sequence[str]) -> list[Value]:
    if isinstance(atom, Call) and atom.name in _QUESTIONS:
        return sorted(_answers(atom, before, direct))
    asked = _asked_result(atom)
    if asked is not None:
        lowered = {name.lower(): name for name in direct}
        name = lowered.get(asked.lower(), "")
        return sorted(before[name]) if name in before else [None]
    compared = [value for value in literals if not isinstance(value, bool) and value is not None]
    beside = [value + 1 for value in compared if isinstance(value, int | float)]
    return list(dict.fromkeys(["", "true", "false", "anything else", *map(_as_text, [*compared, *beside])]))


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else str(value)


def _asked_result(atom: Node) -> str | None:
    """The name in `dependencies.NAME.result`."""
    if not (isinstance(atom, Index) and isinstance(atom.key, Literal) and str(atom.key.value).lower() == "result"):
        return None
    inner = atom.of
    if not (isinstance(inner, Index) and isinstance(inner.key, Literal) and isinstance(inner.of, Root)):
        return None
    return str(inner.key.value) if inner.of.name.lower() == "dependencies" else None


def _answers(call: Call, before: Possible, direct: Sequence[str]) -> frozenset[bool]:
    """What a question about what came before may be answered with."""
    names = [str(argument.value) for argument in call.arguments if isinstance(argument, Literal)]
    lowered = {name.lower(): name for name in direct}
    asked = [before[found] for name in names if (found := lowered.get(name.lower(), "")) in before]
    return _QUESTIONS[call.name](asked if names else list(before.values()))


def _all_in(allowed: Iterable[str]) -> Question:
    def answers(asked: Sequence[frozenset[str]]) -> frozenset[bool]:
        kept = frozenset(allowed)
        can = all(results & kept for results in asked)
        must = all(results <= kept for results in asked)
        return frozenset(({True} if can else set()) | (set() if must else {False}))

    return answers


def _any_ended(asked: Sequence[frozenset[str]]) -> frozenset[bool]:
    ended = frozenset((*GOOD, "Failed"))
    can = not asked or any(results & ended for results in asked)
    must = not asked or any(results <= ended for results in asked)
    return frozenset(({True} if can else set()) | (set() if must else {False}))


def _any_failed(asked: Sequence[frozenset[str]]) -> frozenset[bool]:
    can = any("Failed" in results for results in asked)
    must = any(results == {"Failed"} for results in asked)
    return frozenset(({True} if can else set()) | (set() if must else {False}))


_QUESTIONS: Mapping[str, Question] = {
    "always": lambda _: frozenset({True}),
    "canceled": lambda _: EITHER,
    "failed": _any_failed,
    "succeeded": _all_in(GOOD),
    "succeededOrFailed": _any_ended,
}
