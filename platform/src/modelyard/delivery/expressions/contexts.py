"""What an expression may refer to while it is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from modelyard.delivery.expressions.values import Value


@dataclass(frozen=True, slots=True)
class Context:
    """The named values and the functions of one place in a pipeline. Names are found without regard to case."""

    values: Mapping[str, Value] = field(default_factory=dict)
    """By root: parameters, variables, dependencies, stageDependencies, pipeline, a loop's variable."""
    functions: Mapping[str, Callable[..., Value]] = field(default_factory=dict)
    """Functions beyond the general ones, over values: succeeded and its kin in a condition, counter in a variable."""

    def with_values(self, **values: Value) -> Context:
        """The same, with further roots: what `each` does for its variable."""
        return Context({**self.values, **values}, self.functions)
