"""An expression's value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from modelyard.delivery.expressions import functions
from modelyard.delivery.expressions.comparing import equal
from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.declaring import COUNTING, STATUS, close_to, names, refuse_name
from modelyard.delivery.expressions.looking_up import OpenParameters, every_part, find_named, part_of
from modelyard.delivery.expressions.syntax import Call, Every, Index, Literal, Node, Root, chain_of
from modelyard.delivery.expressions.values import ExpressionError, Value, is_object, text_of, to_boolean

ANY_CASE = ("variables", "dependencies", "stagedependencies", "resources", "pipeline")
"""The values whose names are found without regard to case, at every depth. What a parameter holds is found only as it
is spelt; the names of parameters themselves in any case."""
Lazy = Callable[[Sequence[Node], Context], Value]


def work_out(node: Node, context: Context) -> Value:
    """The value of one part of an expression.

    Raises:
        ExpressionError: a name or a function is not known here, or a function refuses its arguments.
    """
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Root):
        return _root(node.name, context)
    return _part(node, context) if isinstance(node, Index | Every) else _call(node, context)


def _root(name: str, context: Context) -> Value:
    found = find_named(context.values, name)
    if not found:
        hint = close_to(name, context.values) + " Text is written in single quotes."
        raise ExpressionError(f"{name} is not known here", hint=hint)
    return found[0]


def _part(node: Index | Every, context: Context) -> Value:
    start, parts = chain_of(node)
    value = work_out(start, context)
    root = start.name.lower() if isinstance(start, Root) else ""
    for part in parts:
        if isinstance(part, Every):
            value = every_part(value)
        elif root == "parameters" and part is parts[0]:
            value = _parameter(value, work_out(part.key, context))
        else:
            value = part_of(value, work_out(part.key, context), any_case=root in ANY_CASE)
    return value


def _parameter(parameters: Value, key: Value) -> Value:
    """A parameter; other than a variable it must be declared, but for templates of the old form."""
    known = parameters if is_object(parameters) else {}
    name = text_of(key)
    found = find_named(known, name)
    if not found and isinstance(known, OpenParameters):
        return None
    if not found:
        raise ExpressionError(f"there is no parameter {name} here", hint=close_to(name, known))
    return found[0]


def _call(node: Call, context: Context) -> Value:
    lazy = _lazily(node.name)
    if lazy is not None:
        return lazy(node.arguments, context)
    function = functions.named(node.name) or next(iter(find_named(context.functions, node.name)), None)
    if function is None:
        raise _absent(node.name, context)
    return function(*(work_out(argument, context) for argument in node.arguments))


def _absent(name: str, context: Context) -> ExpressionError:
    if name in names(STATUS):
        return ExpressionError(f"{name} is not known here", hint="It works only in a condition.")
    if name in names(COUNTING):
        hint = "It works only in a variable's value, written $[ counter(...) ], where something keeps count."
        return ExpressionError(f"{name} is not known here", hint=hint)
    return refuse_name(name, list(context.functions))


def _lazily(name: str) -> Lazy | None:
    """The functions that do not work out an argument that cannot change the outcome."""
    known: dict[str, Lazy] = {
        "and": lambda nodes, context: all(to_boolean(work_out(node, context)) for node in nodes),
        "or": lambda nodes, context: any(to_boolean(work_out(node, context)) for node in nodes),
        "in": _is_in,
        "notIn": lambda nodes, context: not _is_in(nodes, context),
        "coalesce": _coalesce,
    }
    return known.get(name)


def _is_in(nodes: Sequence[Node], context: Context) -> bool:
    left = work_out(nodes[0], context)
    return any(equal(left, work_out(node, context)) for node in nodes[1:])


def _coalesce(nodes: Sequence[Node], context: Context) -> Value:
    """The first value that is neither nothing nor the empty string; else nothing."""
    values = (work_out(node, context) for node in nodes)
    return next((value for value in values if not (value is None or (isinstance(value, str) and value == ""))), None)
