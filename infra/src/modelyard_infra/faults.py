"""Turns the engine's errors into ours: the failing resource's own sentence, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from modelyard.errors import InfrastructureError, ProvisioningFailedError, StackBusyError

if TYPE_CHECKING:
    from pulumi.automation.errors import CommandError

UNINFORMATIVE = re.compile(r"^(update|preview|refresh|destroy|resource operation|deletion|creation) failed\b", re.I)
PARTS = re.compile(r"\n code: \d+\n stdout: ?|\n stderr: ?")
CREATED_BY = re.compile(r"created by (\S+) \(pid (\d+)\) at (\S+)")


def as_fault(error: CommandError, complaints: Sequence[str], *, environment: str, action: str) -> InfrastructureError:
    """The error to raise.

    Args:
        error: what the Automation API raised.
        complaints: errors that the engine told, each of them beginning with its resource.
        environment: the environment's name.
        action: up, preview, refresh or down.
    """
    from pulumi.automation.errors import ConcurrentUpdateError

    if isinstance(error, ConcurrentUpdateError):
        return _busy(str(error), environment, action)
    told = [line for line in complaints if not UNINFORMATIVE.match(line)]
    reason = "\n".join(dict.fromkeys(told)) or _last_words(str(error))
    return ProvisioningFailedError(
        f"modelyard infra {action} {environment} stopped: {reason}",
        hint=f"when that is put right, run again: modelyard infra {action} {environment}; what exists is kept",
    )


def _busy(words: str, environment: str, action: str) -> StackBusyError:
    found = CREATED_BY.search(words)
    who = f" by {found.group(1)}, process {found.group(2)}, since {found.group(3)}" if found else ""
    return StackBusyError(
        f"another update of environment {environment} is under way{who}",
        hint=f"wait for it to end, then run: modelyard infra {action} {environment}",
    )


def _last_words(text: str) -> str:
    *_, stderr = PARTS.split(text)
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    said = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
    return said[-1] if said else (lines[-1] if lines else "the engine gave no reason")
