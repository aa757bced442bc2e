"""What differs between what is wanted and what a service has. What nobody asked for is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Any
LONGEST_VALUE = 60


def differences(wanted: Json, found: Json, path: str = "") -> tuple[str, ...]:
    """Every difference as `path: found → wanted`; empty where everything wanted is there.

    Of a mapping, only wanted keys are looked at; lists must be the same. Nothing, an empty text, false and a missing
    key are one: services leave out what is empty or off. True and "true" are one: some routes keep booleans as text.
    """
    return tuple(_differences(wanted, found, path))


def merged(found: Json, wanted: Json) -> Json:
    """What was found, with what is wanted laid over it: for routes that take a whole thing back."""
    if not isinstance(found, Mapping) or not isinstance(wanted, Mapping):
        return wanted
    return {**found, **{name: merged(found.get(name), value) for name, value in wanted.items()}}


def _differences(wanted: Json, found: Json, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping):
        known = found if isinstance(found, Mapping) else {}
        for name, value in wanted.items():
            yield from _differences(value, known.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(wanted, Sequence) and not isinstance(wanted, str):
        yield from _of_lists(wanted, found if isinstance(found, list) else [], path)
    elif _plain(wanted) != _plain(found):
        yield f"{path}: {_shown(found)} → {_shown(wanted)}"


def _of_lists(wanted: Sequence[Json], found: Sequence[Json], path: str) -> Iterator[str]:
    if len(wanted) != len(found):
        yield f"{path}: {len(found)} entries → {len(wanted)}"
        return
    for place, (one, other) in enumerate(zip(wanted, found, strict=True)):
        yield from _differences(one, other, f"{path}[{place}]")


def _plain(value: Json) -> str:
    text = _text(value)
    return "" if text == "false" else text


def _text(value: Json) -> str:
    if value is None or value in ([], {}):
        return ""
    text = str(value)
    return text.lower() if text in {"True", "False"} else text


def _shown(value: Json) -> str:
    text = _text(value) or "nothing"
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
