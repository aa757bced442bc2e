"""Whether the ledger of a model is what was written: the chain, what the registry remembers, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import LedgerBrokenError, ModelNotFoundError
from modelyard.registry.entries import GENESIS, LedgerEntry
from modelyard.registry.ledger import Ledger
from modelyard_pipelines.model.evidence import kept_heads, read_evidence


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    passed: bool | None
    """None: not looked at."""
    said: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of one ledger."""

    model: str
    entries: int
    head: str
    """The hash of the last entry. Whoever notes it elsewhere can hold the ledger to it later."""
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.passed is not False for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {**asdict(self), "passed": self.passed}


def verify(platform: Platform, name: str, *, offline: bool = False, head: str | None = None) -> Verified:
    """Looks at every byte of a model's ledger.

    Args:
        platform: The environment.
        name: The model.
        offline: Ask the lake alone, and not the registry.
        head: A hash that was noted elsewhere; the ledger must have an entry with it, or with a hash that begins so.

    Raises:
        ModelNotFoundError: there is no ledger of this model.
    """
    path = platform.lake / "ledger" / f"{name}.jsonl"
    if not path.is_file() and not path.with_suffix(".head").is_file():
        raise ModelNotFoundError(f"{name} has no ledger in {path.parent}", hint="modelyard model list")
    ledger = Ledger(path)
    problem = ledger.verify()
    chain = Check("chain", problem is None, problem or "every byte is as it was written")
    if problem is not None:
        return Verified(name, 0, "", (chain,))
    entries = ledger.entries()
    checks = (chain, _registry(platform, name, offline=offline), *_evidence(platform, name, entries))
    noted = () if head is None else (_noted(entries, head),)
    return Verified(name, len(entries), entries[-1].hash if entries else GENESIS, (*checks, *noted))


def _registry(platform: Platform, name: str, *, offline: bool) -> Check:
    """The registry remembers hashes: who changes the lake alone is found out."""
    if offline:
        return Check("registry", None, "not asked")
    try:
        platform.registry().history(name)
    except LedgerBrokenError as error:
        return Check("registry", False, error.message)
    return Check("registry", True, "every entry that it remembers is in the ledger")


def _evidence(platform: Platform, name: str, entries: Sequence[LedgerEntry]) -> tuple[Check, ...]:
    lost = []
    for entry in entries:
        if entry.decision.action == "promotion":
            try:
                read_evidence(platform, name, entry.decision.evidence)
            except ValueError as error:
                lost.append(f"entry {entry.sequence}: {error}")
    known = {GENESIS, *(entry.hash for entry in entries)}
    strange = [file for file, found in kept_heads(platform, name) if found not in known]
    missing = [f"{file} remembers an entry that the ledger does not have" for file in strange]
    return (
        Check("evidence", not lost, "; ".join(lost) or "what every promotion rests on is there, unchanged"),
        Check("memory", not missing, "; ".join(missing) or "evidence remembers no entry that is missing"),
    )


def _noted(entries: Sequence[LedgerEntry], head: str) -> Check:
    found = next((entry for entry in entries if head and entry.hash.startswith(head)), None)
    if found is None:
        return Check("noted", False, f"no entry has the hash {head}")
    return Check("noted", True, f"it is the hash of entry {found.sequence}")
