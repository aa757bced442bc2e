"""Turns the engine's errors into ours: the failing resource's own sentence, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.errors import (
    ConfigurationError,
    InfrastructureError,
    MissingToolError,
    ModelyardError,
    NotProvisionedError,
    ProvisioningFailedError,
    StackBusyError,
)
from modelyard_infra.engine.homes import StackHome
from modelyard_infra.stacks.kind_names import label, name_of

if TYPE_CHECKING:
    from pulumi.automation.errors import CommandError

UNINFORMATIVE = re.compile(r"^(update|preview|refresh|destroy|resource operation|deletion|creation) failed\b", re.I)
PARTS = re.compile(r"\n code: \d+\n stdout: ?|\n stderr: ?")
KILLED = re.compile(r"\n code: -(\d+)\n")
"""How the Automation API tells that the CLI ended by a signal."""
CREATED_BY = re.compile(r"created by (\S+) \(pid (\d+)\) at (\S+)")
URN = r"['\"]?(urn:pulumi:[^\s'\"]+)['\"]?"
PROTECTED = re.compile(
    rf"unable to (?:replace|delete) resource {URN}|resource {URN} cannot be (?:deleted|replaced)",
)
EXISTS = re.compile(r"cannot create already existing (?:sub)?resource ['\"]?([^\s'\"]+)")
MISSING_PLUGIN = re.compile(r"no resource plugin '(?:pulumi-resource-)?([\w-]+)' found.*?version v?([\d.]+)", re.S)
LOCKED_SCOPE = re.compile(r"ScopeLocked|is locked\b", re.I)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was being done when something failed."""

    environment: str
    action: str
    """up, preview, refresh or down."""
    home: StackHome
    acknowledged: Sequence[str] = ()
    """Keys of resources that were to be replaced or removed although they hold data."""

    def command(self, action: str | None = None) -> str:
        """The command line that does it again."""
        simulate = " --simulate" if self.home.simulated_azure is not None else ""
        return f"modelyard infra {action or self.action} {self.environment}{simulate}"


def as_fault(error: CommandError, complaints: Sequence[str], around: Surroundings) -> ModelyardError:
    """The error to raise.

    Args:
        error: what the Automation API raised.
        complaints: errors that the engine told, each of them beginning with its resource.
        around: what was being done.
    """
    from pulumi.automation.errors import ConcurrentUpdateError

    if isinstance(error, ConcurrentUpdateError):
        return _busy(str(error), around)
    told = [line for line in complaints if not UNINFORMATIVE.match(line)]
    words = "\n".join([*told, str(error)])
    for recognise in (_missing_plugin, _wrong_passphrase, _missing_stack, _endangered):
        found = recognise(words, around)
        if found is not None:
            return found
    reason = "\n".join(dict.fromkeys(told)) or _last_words(str(error))
    return ProvisioningFailedError(f"{around.command()} stopped: {reason}", hint=_next(words, around))


def _missing_plugin(words: str, around: Surroundings) -> ModelyardError | None:
    found = MISSING_PLUGIN.search(words)
    if found is None:
        return None
    name, version = found.groups()
    return MissingToolError(
        f"environment {around.environment} needs Pulumi's provider {name} {version}, which is not installed",
        hint=f"{around.home.wrapper} plugin install resource {name} {version}",
    )


def _wrong_passphrase(words: str, around: Surroundings) -> ModelyardError | None:
    if "incorrect passphrase" not in words:
        return None
    file = around.home.passphrase_file
    return ConfigurationError(
        f"the passphrase in {file} is not the one that encrypted the state of environment {around.environment}",
        hint=f"bring back the file from a copy, then run: {around.command()}",
    )


def _missing_stack(words: str, around: Surroundings) -> ModelyardError | None:
    if not re.search(rf"no stack named '?{re.escape(around.environment)}'? found", words):
        return None
    home = around.home
    settings = home.settings_file(around.environment)
    return NotProvisionedError(
        f"there is no stack {around.environment} in {home.backend_url}, although there is a {settings} for it",
        hint=f"{home.wrapper} stack init {around.environment} --secrets-provider='{home.secrets_provider}'",
    )


def _endangered(words: str, around: Surroundings) -> ModelyardError | None:
    urns = dict.fromkeys(next(filter(None, found.groups())) for found in PROTECTED.finditer(words))
    if not urns:
        return None
    keys = [*dict.fromkeys([*around.acknowledged, *(name_of(urn) for urn in urns)])]
    named = ", ".join(label(urn) for urn in urns)
    acknowledged = "".join(f" --replace {key}" for key in keys)
    return ProvisioningFailedError(
        f"environment {around.environment}: {named} holds data and would be replaced or removed; it is left as it is",
        hint=f"see all that is affected: {around.command('preview')}; "
        f"if the data may be lost: {around.command('up')}{acknowledged}",
    )


def _next(words: str, around: Surroundings) -> str:
    """What to do after a failure that is told in the resource's own words."""
    existing = EXISTS.search(words)
    if existing is not None:
        return (
            f"if {existing.group(1)} is this environment's own, give it to the stack: "
            f"{around.home.wrapper} import -s {around.environment} TYPE NAME ID; else choose another name"
        )
    if LOCKED_SCOPE.search(words):
        return (
            "a lock keeps Azure from deleting; name what may go, and the lock is lifted for that long: "
            f"{around.command('up')} --replace KEY"
        )
    return f"when that is put right, run again: {around.command()}; what exists is kept"


def _busy(words: str, around: Surroundings) -> InfrastructureError:
    found = CREATED_BY.search(words)
    who = f" by {found.group(1)}, process {found.group(2)}, since {found.group(3)}" if found else ""
    release = f"{around.home.wrapper} cancel -s {around.environment} --yes"
    return StackBusyError(
        f"another update of environment {around.environment} is under way{who}",
        hint=f"wait for it to end, then run: {around.command()}; if its process is gone: {release}",
    )


def _last_words(text: str) -> str:
    killed = KILLED.search(text)
    if killed is not None:
        return f"the engine was killed (signal {killed.group(1)})"
    *_, stderr = PARTS.split(text)
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    said = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
    return said[-1] if said else (lines[-1] if lines else "the engine gave no reason")
