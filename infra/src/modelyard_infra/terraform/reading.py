"""Reads a resource's properties so that nothing is lost: what a translator has not read is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from modelyard_infra.blueprint.graph import Ref, Value
from modelyard_infra.terraform.blocks import Json


class UntranslatableError(LookupError):
    """The blueprint says something that the Terraform rendering has no words for yet."""


class Said:
    """Properties of one resource, or of an object inside it, and which of them were read."""

    def __init__(self, properties: Mapping[str, Value], place: str) -> None:
        self._properties = properties
        self._place = place
        self._read: set[str] = set()
        self._inside: list[Said] = []

    def take(self, name: str) -> Json:
        """A property, now read; None when it is not there."""
        self._read.add(name)
        return self._properties.get(name)

    def need(self, name: str) -> Json:
        """A property that must be there."""
        found = self.take(name)
        if found is None:
            raise UntranslatableError(f"{self._place}.{name} is missing")
        return found

    def into(self, name: str) -> Said:
        """An object inside; an empty one when it is not there."""
        found = self.take(name)
        if not isinstance(found, Mapping | None):
            raise UntranslatableError(f"{self._place}.{name} is no object: {found!r}")
        return self._remember(Said(found or {}, f"{self._place}.{name}"))

    def names(self) -> tuple[str, ...]:
        """The names of the properties."""
        return tuple(self._properties)

    def each(self, name: str) -> list[Said]:
        """The objects of a list; none when it is not there."""
        found = self.take(name) or []
        return [self._remember(Said(item, f"{self._place}.{name}.{place}")) for place, item in enumerate(found)]

    def owner(self, name: str) -> Ref:
        """The id of the resource whose name the property refers to: azurerm asks for ids where Azure has names."""
        found = self.need(name)
        if not isinstance(found, Ref) or found.output != "name":
            raise UntranslatableError(f"{self._place}.{name} must refer to the name of a resource, not be {found!r}")
        return Ref(found.resource)

    def word(self, name: str, words: Mapping[str, Json]) -> Json:
        """A property in azurerm's word for it; None when it is not there."""
        found = self.take(name)
        if found is None:
            return None
        if found not in words:
            raise UntranslatableError(f"{self._place}.{name}: no word for {found!r}; there are {sorted(words)}")
        return words[found]

    def implied(self, name: str, *values: Value) -> None:
        """A property that azurerm does not ask for because it always, or by default, means one of these values."""
        found = self.take(name)
        if found is not None and found not in values:
            allowed = ", ".join(repr(value) for value in values)
            raise UntranslatableError(f"{self._place}.{name} is {found!r}; azurerm always means {allowed}")

    def unsaid(self, *names: str) -> None:
        """Properties that azurerm words by itself, or takes from elsewhere: names inside, a parent's group."""
        self._read.update(names)

    def convert(self, name: str, conversion: Callable[[Json], Json]) -> Json:
        """A property in another form; None when it is not there."""
        found = self.take(name)
        return None if found is None else conversion(found)

    def unread(self) -> Iterator[str]:
        """Paths that nobody has read."""
        yield from (f"{self._place}.{name}" for name in self._properties if name not in self._read)
        for inside in self._inside:
            yield from inside.unread()

    def _remember(self, inside: Said) -> Said:
        self._inside.append(inside)
        return inside


ON = {"Enabled": True, "Disabled": False, "enabled": True, "disabled": False}
"""Azure's words for yes and no. The registry writes them small."""


def texts(items: Sequence[Said], name: str) -> list[Json] | None:
    """One property of each object of a list; None for an empty list."""
    return [item.need(name) for item in items] or None
