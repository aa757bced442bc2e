"""What steps say to the agent in their output: `##vso[area.action key=value;...]text`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

COMMAND = re.compile(r"##vso\[(?P<area>\w+)\.(?P<action>\w+)(?P<properties>[^\]]*)\](?P<text>.*)$", re.DOTALL)
ESCAPES = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]"}
PERCENT = "%AZP25"


@dataclass(frozen=True, slots=True)
class LoggingCommand:
    """One such line."""

    name: str
    """Area and action, in lower case: `task.setvariable`."""
    properties: Mapping[str, str]
    """By key, in lower case."""
    text: str
    raw: str = ""
    """The text as it was printed, escapes and all."""

    def is_set(self, name: str) -> bool:
        """Whether a property says true."""
        return self.properties.get(name, "").lower() == "true"

    @property
    def is_secret(self) -> bool:
        """Whether its text is to be hidden."""
        return self.name == "task.setsecret" or (self.name == "task.setvariable" and self.is_set("issecret"))


def read_command(line: str) -> LoggingCommand | None:
    """The command in a line, or None. Anything may stand before it."""
    found = COMMAND.search(line)
    if found is None:
        return None
    pairs = (part.strip().partition("=") for part in found["properties"].split(";") if "=" in part)
    properties = {key.strip().lower(): _plain(value) for key, _, value in pairs}
    return LoggingCommand(
        f"{found['area']}.{found['action']}".lower(), properties, _plain(found["text"]), found["text"]
    )


def _plain(text: str) -> str:
    for escaped, character in ESCAPES.items():
        text = text.replace(escaped, character)
    return text.replace(PERCENT, "%")
