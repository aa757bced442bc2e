"""The order of stages and jobs: what they depend on, without a cycle and without a name that nobody has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from modelyard.delivery.pipeline import Job, Stage
from modelyard.delivery.places import Place
from modelyard.errors import InvalidPipelineError

Depends = Mapping[str, Sequence[str]]


def in_order(nodes: Sequence[Stage] | Sequence[Job], *, kind: str) -> list[str]:
    """The names, each after all that it depends on; otherwise as they are written.

    Raises:
        InvalidPipelineError: two have one name, a dependency is unknown, or they depend on each other in a circle.
    """
    places: dict[str, Place] = {}
    for node in nodes:
        if node.name in places:
            raise InvalidPipelineError(
                f"{node.place}: {kind} {node.name} is there twice; the first is at {places[node.name]}",
                hint="give one of them another name",
            )
        places[node.name] = node.place
    for node in nodes:
        for name in node.depends_on:
            if name not in places:
                raise InvalidPipelineError(
                    f"{node.place}: {kind} {node.name} depends on {name!r}, which is no {kind} here; "
                    f"there are: {', '.join(places)}",
                    hint=f"correct dependsOn of {node.name}",
                )
    return _sorted({node.name: node.depends_on for node in nodes}, places, kind)


def _sorted(depends: Depends, places: Mapping[str, Place], kind: str) -> list[str]:
    left, done = list(depends), list[str]()
    while left:
        ready = next((name for name in left if all(one in done for one in depends[name])), None)
        if ready is None:
            circle = _circle(left[0], depends, done)
            raise InvalidPipelineError(
                f"{places[circle[0]]}: a cycle of dependsOn: {' → '.join([*circle, circle[0]])}",
                hint=f"take one {kind} out of the cycle",
            )
        done.append(ready)
        left.remove(ready)
    return done


def _circle(start: str, depends: Depends, done: Iterable[str]) -> list[str]:
    finished, seen, name = set(done), list[str](), start
    while name not in seen:
        seen.append(name)
        name = next(one for one in depends[name] if one not in finished)
    return seen[seen.index(name) :]


def ancestors(name: str, depends: Depends) -> list[str]:
    """All that something depends on, directly and indirectly."""
    found: dict[str, None] = {}
    waiting = list(depends.get(name, ()))
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found[one] = None
            waiting.extend(depends.get(one, ()))
    return list(found)


def descendants(names: Iterable[str], depends: Depends) -> set[str]:
    """All that depends on one of them, directly or indirectly."""
    roots = set(names)
    return {name for name in depends if roots & set(ancestors(name, depends))}
