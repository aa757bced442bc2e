"""Rules that tie properties together: what Azure demands of some because of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from modelyard_infra.blueprint.graph import Joined, Ref
from modelyard_infra.catalogue.values import at, is_known, is_number

ANY = "*"
"""Stands for any value that is given, in the values of a condition."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a property must be where a condition holds."""

    required: bool = False
    absent: bool = False
    allowed: tuple[Any, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def is_met(self, value: object) -> bool:
        """Whether a value, None for nothing, is what is demanded. What is not known yet is given the benefit."""
        if value is None:
            return not self.required
        if self.absent:
            return False
        if isinstance(value, Ref | Joined) or not is_known(value):
            return True
        return self._fits(value)

    def _fits(self, value: object) -> bool:
        if self.allowed and value not in self.allowed:
            return False
        if self.pattern and isinstance(value, str) and not re.search(self.pattern, value):
            return False
        if not is_number(value):
            return True
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule over several properties of a resource, or of an object in one."""

    when: Mapping[str, tuple[Any, ...]]
    """Paths, each with the values of which it must have one for the rule to apply; None stands for nothing given."""
    then: Mapping[str, Demand]
    """Paths, each with what is then demanded of it."""
    says: str
    """The rule in words."""
    source: str
    """Where it is written: a key of `sources` in facts/shared.json."""

    def broken_at(self, properties: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
        """Each path that is not as demanded, with what stands there."""
        if all(_one_of(at(properties, path), values) for path, values in self.when.items()):
            for path, demand in self.then.items():
                value = at(properties, path)
                if not demand.is_met(value):
                    yield path, value


def read_conditions(stated: list[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """The conditions that a file of facts states."""
    return tuple(
        Condition(
            when={path: tuple(values) for path, values in condition["when"].items()},
            then={path: _demand(said) for path, said in condition["then"].items()},
            says=condition["says"],
            source=condition["source"],
        )
        for condition in stated
    )


def _demand(said: Mapping[str, Any]) -> Demand:
    arguments: dict[str, Any] = {**said, "allowed": tuple(said.get("allowed", ()))}
    return Demand(**arguments)


def _one_of(value: object, values: tuple[Any, ...]) -> bool:
    return any(value == one and type(value) is type(one) for one in values) or (value is not None and ANY in values)
