"""Puts an entry file and the template that it extends together."""

from __future__ import annotations

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.refusing import refuse


def merge(entry: Fields, template: Fields) -> Fields:
    """What both say. Resources add up; of everything else but variables the entry file's word counts.

    Raises:
        InvalidPipelineError: both have variables, which the service does not put together.
    """
    found = {key.text: (key, value) for key, value in entry.entries if key.text != "extends"}
    for key, value in template.entries:
        if key.text in found:
            known, mine = found[key.text]
            found[key.text] = (known, _both(key.text, mine, value))
        else:
            found[key.text] = (key, value)
    return Fields(tuple(found.values()), entry.place)


def _both(name: str, mine: Node, theirs: Node) -> Node:
    if name == "variables":
        found = f"`variables` stand here and in the template that is extended, at {theirs.place}"
        refuse(mine.place, found, hint="the service takes one of the two; pass values on as parameters of the template")
    if name == "resources" and isinstance(mine, Fields) and isinstance(theirs, Fields):
        return _resources(mine, theirs)
    return mine


def _resources(mine: Fields, theirs: Fields) -> Fields:
    found = {key.text: (key, value) for key, value in mine.entries}
    for key, value in theirs.entries:
        known, listed = found.get(key.text, (key, Items((), value.place)))
        if isinstance(listed, Items) and isinstance(value, Items):
            found[key.text] = (known, Items(listed.items + value.items, value.place))
        else:
            found[key.text] = (known, value)
    return Fields(tuple(found.values()), mine.place)


def as_list(variables: Node) -> Items:
    """Variables as a list, whichever form they had."""
    if isinstance(variables, Items):
        return variables
    if isinstance(variables, Scalar):
        return Items((), variables.place)
    named = (
        Fields(((Scalar("name", key.place), key), (Scalar("value", key.place), value)), key.place)
        for key, value in variables.entries
    )
    return Items(tuple(named), variables.place)
