"""The variables of a job: by name without regard to case, each plain or secret, later ones over earlier ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.delivery.expressions.texts import expand_macros

NO_NAME = re.compile(r"[. ]")


@dataclass(frozen=True, slots=True)
class Held:
    """One variable."""

    name: str
    value: str
    secret: bool = False
    readonly: bool = False


class Variables:
    """What macros, conditions and steps see."""

    def __init__(self, held: Mapping[str, Held] | None = None) -> None:
        self._held: dict[str, Held] = dict(held or {})

    def child(self) -> Variables:
        """A copy that may change without changing this one."""
        return Variables(self._held)

    def set(self, name: str, value: str, *, secret: bool = False, readonly: bool = False) -> bool:
        """Sets a variable; False if it may not be changed. What was secret stays so."""
        before = self._held.get(name.lower())
        if before is not None and before.readonly:
            return False
        kept_secret = secret or (before is not None and before.secret)
        self._held[name.lower()] = Held(name, value, kept_secret, readonly)
        return True

    def replace(self, name: str, value: str) -> None:
        """Sets what the agent itself changes, read-only or not."""
        self._held[name.lower()] = Held(name, value, readonly=True)

    def get(self, name: str, default: str = "") -> str:
        """A value, with its macros expanded."""
        held = self._held.get(name.lower())
        return default if held is None else self.expand(held.value)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._held

    def values(self) -> dict[str, str]:
        """Every value by name, secret ones too: for expressions and macros, never to be shown."""
        return {held.name: held.value for held in self._held.values()}

    def secrets(self) -> list[str]:
        """The secret values."""
        return [held.value for held in self._held.values() if held.secret]

    def expand(self, text: str) -> str:
        """The text with `$(name)` replaced; names that nobody knows stay as they are."""
        return expand_macros(text, self.values())

    def environment(self) -> dict[str, str]:
        """What every step gets as environment variables: all but the secret ones."""
        plain = [held for held in self._held.values() if not held.secret]
        return {environment_name(held.name): self.expand(held.value) for held in plain if _is_open(self, held)}


def environment_name(name: str) -> str:
    """The environment variable for a variable: upper case, dots and spaces as underscores."""
    return NO_NAME.sub("_", name).upper()


def _is_open(variables: Variables, held: Held) -> bool:
    """Whether a plain variable stays plain once its macros are expanded."""
    if "$(" not in held.value:
        return True
    expanded = variables.expand(held.value)
    return not any(secret and secret in expanded for secret in variables.secrets())
