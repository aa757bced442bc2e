"""Work out an expression from its text."""

from __future__ import annotations

from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.parsing import parse
from modelyard.delivery.expressions.values import Value
from modelyard.delivery.places import Place

__all__ = ["Context", "evaluate"]


def evaluate(text: str, context: Context, place: Place) -> Value:
    """The value of an expression where `context` says what its names stand for.

    Raises:
        InvalidPipelineError: it is no expression, or has no value here.
    """
    return parse(text, place, functions=context.functions).evaluate(context)
