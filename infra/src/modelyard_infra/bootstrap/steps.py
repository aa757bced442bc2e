"""One step of the bootstrap: an `az` command, what shows that it was done before, and what later steps take from it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ARM = "https://management.azure.com"
PLACE = re.compile(r"\$([A-Z_]+)")
"""A value that an earlier step found out stands in an argument as in a shell: $PRINCIPAL."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command. It may be run again: the second time it changes nothing."""

    title: str
    """What is there afterwards."""
    command: tuple[str, ...]
    """Arguments of `az`."""
    unless: tuple[str, ...] = ()
    """Arguments of `az` that print something when the step was done before. Empty where Azure itself takes the same
    command twice."""
    captures: str = ""
    """Name under which later steps know what the command prints; such a step only looks."""
    remedy: str = ""
    """What to do when it fails, where that is not obvious from Azure's words."""

    def shell(self) -> str:
        """The step as a line for a shell."""
        if self.captures:
            return f'{self.captures}="$({_line(self.command)})"'
        if self.unless:
            return f'test -n "$({_line(self.unless)} 2>/dev/null)" ||\n  {_line(self.command)} --output none'
        return f"{_line(self.command)} --output none"


def az(words: str, **options: str | Sequence[str]) -> tuple[str, ...]:
    """Arguments of `az`: az("group create", name="a") is `group create --name a`.

    Args:
        words: the command's words; empty for options alone.
        options: its options, with _ for -; several values follow one option.
    """
    arguments = words.split()
    for name, value in options.items():
        values = [value] if isinstance(value, str) else value
        arguments += [f"--{name.replace('_', '-')}", *values]
    return tuple(arguments)


def filled(arguments: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """The arguments with the values that earlier steps found out."""
    return [PLACE.sub(lambda place: known[place[1]], argument) for argument in arguments]


def _line(arguments: Sequence[str]) -> str:
    return " ".join(["az", *(_quoted(argument) for argument in arguments)])


def _quoted(argument: str) -> str:
    """Quoted for a shell; where a variable stands in it, so that the shell fills it in."""
    if not PLACE.search(argument):
        return shlex.quote(argument)
    escaped = re.sub(r'([\\"`])', r"\\\1", argument)
    return f'"{escaped}"'
