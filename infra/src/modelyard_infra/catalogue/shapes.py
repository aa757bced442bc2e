"""The shape of a property: its type and what values Azure accepts for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from modelyard_infra.catalogue.conditions import Condition, read_conditions

Statement: TypeAlias = Mapping[str, Any]
"""What a table says about one property."""
_NO_RULES: Statement = {}
_WORDS = (
    *("required", "read_only", "write_only", "pattern", "min_length", "max_length", "min_items", "max_items"),
    *("minimum", "maximum", "default", "discriminator"),
)


class Objects:
    """The objects of a namespace by name. They may hold each other, so each is read when it is first asked for."""

    def __init__(self, statements: Mapping[str, Statement], facts: Mapping[str, Any]) -> None:
        self._statements, self._facts = statements, facts
        self._read: dict[str, ObjectShape] = {}

    def __getitem__(self, name: str) -> ObjectShape:
        if name not in self._read:
            rules = self._facts.get("objects", _NO_RULES).get(name, _NO_RULES)
            conditions = self._facts.get("object_conditions", _NO_RULES).get(name, [])
            self._read[name] = ObjectShape(shapes(self._statements[name], rules, self), read_conditions(conditions))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """What Azure accepts in an object."""

    properties: Mapping[str, Shape]
    conditions: tuple[Condition, ...] = ()
    """What ties its properties together."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What Azure accepts in one place."""

    type: str
    """string, boolean, integer, number, array, map (keys are the user's), object, union, or any."""
    required: bool = False
    read_only: bool = False
    write_only: bool = False
    """Sent and kept, never shown by a GET."""
    allowed: tuple[str, ...] = ()
    """The only values; empty: any."""
    pattern: str = ""
    """A regular expression that a text must match somewhere."""
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    items: Shape | None = None
    """Of an array's items, or of a map's values."""
    default: Any = None
    """What the service takes when nothing is given; none if it is not stated."""
    arm: str = ""
    """Where ARM has this property, with dots, seen from the object that holds it."""
    in_path: bool = False
    """Whether it is part of the resource's address and not of its body."""
    as_keys: bool = False
    """Whether ARM writes this list of ids as an object with the ids as keys."""
    discriminator: str = ""
    """The property by which a union's choices are told apart."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Sets of properties in which no two entries of a list may agree."""
    sums_to: Mapping[str, float] = field(default_factory=dict)
    """Properties of a list's entries that must add up, with the sum."""
    members: Mapping[str, str] = field(default_factory=dict)
    """Names of its objects: the only one under the empty text, a union's by the discriminator's value."""
    objects: Objects | None = field(default=None, repr=False, compare=False)

    @property
    def object(self) -> ObjectShape:
        """What may stand in an object; nothing for other types and for unions."""
        return self.objects[self.members[""]] if self.objects and self.type == "object" else _NO_OBJECT

    @property
    def properties(self) -> Mapping[str, Shape]:
        """An object's properties; nothing for other types and for unions."""
        return self.object.properties

    @property
    def choices(self) -> Mapping[str, Mapping[str, Shape]]:
        """The properties of a union's objects by the discriminator's value."""
        return {value: self.choice(value).properties for value in self.members} if self.type == "union" else {}

    def choice(self, value: str) -> ObjectShape:
        """The object of a union that a discriminator's value stands for."""
        return self.objects[self.members[value]] if self.objects else _NO_OBJECT


_NO_OBJECT = ObjectShape({})


def shapes(statements: Mapping[str, Statement], rules: Mapping[str, Statement], objects: Objects) -> dict[str, Shape]:
    """The shapes that a table states, with the rules that are kept by hand laid over them."""
    read = {name: _shape(name, {**stated, **rules.get(name, {})}, objects) for name, stated in statements.items()}
    return dict(sorted(read.items()))


def _shape(name: str, stated: Statement, objects: Objects) -> Shape:
    items = stated.get("items")
    return Shape(
        type=stated["type"],
        allowed=() if stated.get("accepts_more") else tuple(stated.get("allowed", ())),
        items=_shape(name, items, objects) if items else None,
        arm=stated.get("arm", name),
        in_path=stated.get("path", False),
        as_keys=stated.get("as") == "keys",
        unique=tuple(tuple(names) for names in stated.get("unique", ())),
        sums_to=stated.get("sums_to", {}),
        members=stated.get("choices") or ({"": stated["object"]} if "object" in stated else {}),
        objects=objects,
        **{word: stated[word] for word in _WORDS if word in stated},
    )
