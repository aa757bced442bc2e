"""Output variables for later steps and stages, in the form that each service reads.

The values come from people: an approver's comment must not become a command of the agent's, nor a macro that a later
step expands. Source: Microsoft Learn, "Logging commands"; how they are escaped: azure-pipelines-task-lib
(taskcommand.ts) and azure-pipelines-agent (Command.cs), which finds a command anywhere in a line; GitHub Docs,
"Workflow commands".
"""

from __future__ import annotations

import re
import unicodedata
import uuid

LONGEST = 1_000
COMMANDS = re.compile(r"#(?=#)|\$(?=[\[({])|:(?=:)")
"""`##vso[…]`, `##[…]`, `$(…)`, `$[…]`, `${{…}}` and `::…` mean something to one service or the other."""


def harmless(text: str) -> str:
    """The text on one line, without anything that an agent would obey."""
    printable = "".join(" " if unicodedata.category(letter).startswith(("C", "Z")) else letter for letter in text)
    calmed = COMMANDS.sub(lambda found: f"{found[0]} ", " ".join(printable.split()))
    return calmed if len(calmed) <= LONGEST else calmed[: LONGEST - 1] + "…"


def azure_output(name: str, value: str) -> str:
    """The line that makes an output variable in Azure Pipelines."""
    return f"##vso[task.setvariable variable={name};isOutput=true]{_escaped(harmless(value))}"


def github_output(name: str, value: str) -> str:
    """The lines for the file GITHUB_OUTPUT."""
    end = f"end-{uuid.uuid4().hex}"
    return f"{name}<<{end}\n{harmless(value)}\n{end}\n"


def _escaped(value: str) -> str:
    return value.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
