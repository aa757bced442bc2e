"""Reads the parts of a final pipeline: refuses what is unknown, and says where and what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modelyard.delivery.expanding.nodes import Fields, Items, Node, Scalar
from modelyard.delivery.expanding.refusing import excerpt, listed, near, refuse
from modelyard.delivery.expanding.typed.keys import BOOLEANS
from modelyard.delivery.places import Place

MOST_DIGITS = 10
EMPTY_HINT = "delete it; below an `${{ if }}` or `${{ each }}` of a list, begin what it adds with a dash"


def as_fields(node: Node, what: str) -> Fields:
    """A mapping.

    Raises:
        InvalidPipelineError: it is none.
    """
    if not isinstance(node, Fields):
        found = excerpt(node.text) if isinstance(node, Scalar) else node.kind
        refuse(node.place, f"{what} is a mapping of keys, found {found}")
    return node


def as_items(node: Node, what: str) -> Sequence[Node]:
    """A list.

    Raises:
        InvalidPipelineError: it is none.
    """
    if not isinstance(node, Items):
        found = excerpt(node.text) if isinstance(node, Scalar) else node.kind
        refuse(node.place, f"{what} is a list, found {found}", hint="begin every item with a dash")
    return node.items


def as_text(node: Node, what: str) -> str:
    """A text.

    Raises:
        InvalidPipelineError: it is a list or a mapping.
    """
    if not isinstance(node, Scalar):
        refuse(node.place, f"{what} is a text, found {node.kind}")
    return node.text


def check_keys(fields: Fields, allowed: Iterable[str], what: str) -> None:
    """Every key is one of `allowed`.

    Raises:
        InvalidPipelineError: one is not.
    """
    names = set(allowed)
    for key, _ in fields.entries:
        if key.text not in names:
            refuse(
                key.place,
                f"{what} has no key {excerpt(key.text)}{near(key.text, names)}",
                hint=f"allowed: {listed(names)}",
            )


def check_first(fields: Fields, allowed: Iterable[str], what: str) -> str:
    """The key that says what a part is; the service wants it before all others.

    Raises:
        InvalidPipelineError: there is none of `allowed`, there are two, or it is not the first.
    """
    names = tuple(allowed)
    found = [key for key, _ in fields.entries if key.text in names]
    if not found:
        begins = fields.entries[0][0].text if fields.entries else ""
        found_here = f"found {excerpt(begins)}{near(begins, names)}" if begins else "and it is empty"
        refuse(
            fields.place,
            f"{what} needs a key that says what it is, {found_here}",
            hint=f"begin it with one of: {listed(names)}" if begins else EMPTY_HINT,
        )
    if len(found) > 1:
        refuse(found[1].place, f"{what} cannot be `{found[0].text}` and `{found[1].text}` at once", hint="make it two")
    if fields.entries[0][0] is not found[0]:
        refuse(found[0].place, f"`{found[0].text}` must be the first key of {what}", hint="move it to the top")
    return found[0].text


def text(fields: Fields, name: str, default: str = "") -> str:
    """The text of a key."""
    node = fields.get(name)
    return default if node is None else as_text(node, f"`{name}`")


def optional_text(fields: Fields, name: str) -> str | None:
    """The text of a key; None without the key, or without a text."""
    return text(fields, name) or None


def switch(fields: Fields, name: str, default: str, *, runtime: bool = True) -> str:
    """`true`, `false`, or a text with a macro or a runtime expression, which the run works out.

    Args:
        fields: the mapping that may have the key.
        name: the key.
        default: what holds without it.
        runtime: whether the run may work it out: the service lets jobs, and refuses it for steps.

    Raises:
        InvalidPipelineError: it is something else.
    """
    found = text(fields, name)
    if not found:
        return default
    word = BOOLEANS.get(found.lower(), "")
    if not word and not (runtime and "$" in found):
        refuse(
            _place_of(fields, name), f"`{name}` is true or false, found {excerpt(found)}", hint="write true or false"
        )
    return word or found


def number(fields: Fields, name: str, *, runtime: bool = True) -> float | None:
    """A number that is not negative; None without the key, or where the run works it out.

    Args:
        fields: the mapping that may have the key.
        name: the key.
        runtime: whether the run may work it out: the service lets jobs, and refuses it for steps.

    Raises:
        InvalidPipelineError: it is something else.
    """
    found = text(fields, name)
    if not found or (runtime and "$" in found):
        return None
    if not found.isascii() or not found.isdigit() or len(found) > MOST_DIGITS:
        refuse(_place_of(fields, name), f"`{name}` is a whole number, found {excerpt(found)}", hint="write digits only")
    return float(found)


def texts(node: Node, what: str) -> tuple[str, ...]:
    """One text or a list of them."""
    if isinstance(node, Scalar):
        return (node.text,) if node.text else ()
    return tuple(as_text(item, what) for item in as_items(node, what))


def choice(fields: Fields, name: str, allowed: Sequence[str]) -> str | None:
    """One of a few words; None without the key.

    Raises:
        InvalidPipelineError: another word.
    """
    found = text(fields, name)
    if found and found not in allowed:
        refuse(
            _place_of(fields, name),
            f"`{name}` cannot be {excerpt(found)}{near(found, allowed)}",
            hint=f"allowed: {listed(allowed)}",
        )
    return found or None


def _place_of(fields: Fields, name: str) -> Place:
    node = fields.get(name)
    return node.place if node else fields.place
