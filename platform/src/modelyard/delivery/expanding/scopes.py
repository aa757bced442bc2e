"""What expressions can see at one place of an expansion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from modelyard.delivery.expressions.contexts import Context
from modelyard.delivery.expressions.values import Value
from modelyard.delivery.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One template that is being expanded, and the line that named it."""

    file: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Parameters of the file at hand, variables of everything around it, and the variables of loops."""

    parameters: Mapping[str, Value]
    variables: dict[str, Value]
    """A block of variables grows its own copy while it is read, so that one can build on those before it."""
    loop: Mapping[str, Value] = field(default_factory=dict)
    chain: tuple[Link, ...] = ()
    """The templates from the entry file to here."""
    final: bool = False
    """What is read here came out of an expression, so it is not looked into again."""

    @property
    def context(self) -> Context:
        """The named values of an expression."""
        return Context({"parameters": self.parameters, "variables": self.variables, **self.loop})

    def looping(self, name: str, value: Value) -> Scope:
        """The same, with a loop's variable."""
        return replace(self, loop={**self.loop, name: value})

    def finished(self) -> Scope:
        """The same for parts that are final."""
        return self if self.final else replace(self, final=True)

    def growing(self) -> Scope:
        """The same with variables of its own, which the parts around it do not see."""
        return replace(self, variables=dict(self.variables))
