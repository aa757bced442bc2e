"""Answers of Azure, written down once and told again: the real client runs on them without a network.

A recording is a JSON file: `commands` by their words, and `answers`, each with method, address, body and what came
back, where `absent` and `refused` stand for the two kinds of no.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modelyard_infra.readiness.client import AzureRefusedError
from modelyard_infra.readiness.transport import AbsentError, Json, Transport


class Unrecorded(AssertionError):  # noqa: N818 - a test that asks something else has gone wrong
    """Nobody asked this when the recording was made."""


class Recordings:
    """Tells what a file says."""

    def __init__(self, file: Path) -> None:
        document = json.loads(file.read_text(encoding="utf-8"))
        self._commands = document["commands"]
        self._answers = {_key(one["method"], one["address"], one.get("body")): one for one in document["answers"]}

    def ask(self, method: str, address: str, body: Mapping[str, Json] | None = None) -> Json:
        """The answer that was written down for this question."""
        found = self._answers.get(_key(method, address, body))
        if found is None:
            raise Unrecorded(f"no recorded answer to {method} {address} {body or ''}")
        if "absent" in found:
            raise AbsentError(found["absent"])
        if "refused" in found:
            raise AzureRefusedError(found["refused"])
        return found["answer"]

    def command(self, *arguments: str) -> Json | None:
        """What was written down for this command."""
        return self._commands[" ".join(arguments)]


@dataclass
class Recorder:
    """Asks another transport, and writes down what it says."""

    transport: Transport
    commands: dict[str, Json] = field(default_factory=dict)
    answers: list[dict[str, Json]] = field(default_factory=list)

    def ask(self, method: str, address: str, body: Mapping[str, Json] | None = None) -> Json:
        """Ask and write down, a no as well."""
        said: dict[str, Json] = {"method": method, "address": address, **({"body": dict(body)} if body else {})}
        self.answers.append(said)
        try:
            said["answer"] = self.transport.ask(method, address, body)
        except AbsentError as no:
            said["absent"] = str(no)
            raise
        except AzureRefusedError as no:
            said["refused"] = str(no)
            raise
        return said["answer"]

    def command(self, *arguments: str) -> Json | None:
        """Ask and write down."""
        self.commands[" ".join(arguments)] = said = self.transport.command(*arguments)
        return said

    def save(self, file: Path) -> None:
        """Write the recording."""
        document = {"commands": self.commands, "answers": self.answers}
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _key(method: str, address: str, body: Mapping[str, Json] | None) -> str:
    return json.dumps([method.upper(), address, body], sort_keys=True)
