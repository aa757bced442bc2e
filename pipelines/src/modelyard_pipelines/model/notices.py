"""What people are told about models. The same event is told once, however often a command is run."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Notifier
from modelyard.registry.entries import LedgerEntry
from modelyard.registry.versions import ModelVersion


def tell_of_staging(notifier: Notifier, version: ModelVersion, why: str) -> None:
    """A version is in staging: why, and what it reached."""
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in sorted(version.metrics.items()))
    notifier.notify(
        Notification(
            kind="model staged",
            title=f"{version.model}: version {version.version} is in staging",
            what=why,
            where=f"{version.model} version {version.version}, run {version.run_id}",
            how_much=metrics,
            next_step=f"modelyard model compare {version.model}",
            facts={"digest": version.digest, "commit": version.commit},
            event=f"{version.model} {version.version} {version.fingerprint}",
        )
    )


def tell_of_promotion(notifier: Notifier, entry: LedgerEntry, reasons: Sequence[str]) -> None:
    """A version is in production: who decided so, why, and what was archived for it."""
    said = entry.decision
    archived = "nothing was in production before" if said.replaces is None else f"version {said.replaces} is archived"
    notifier.notify(
        Notification(
            kind="model promoted",
            title=f"{said.model}: version {said.version} is in production",
            what=f"promoted by {said.by}: {said.reason}; {archived}",
            where=f"entry {entry.sequence} of the ledger of {said.model}",
            how_much="; ".join(reasons),
            next_step=f"modelyard release deploy {said.model}",
            facts=_facts(entry),
            event=entry.hash,
        )
    )


def tell_of_rollback(notifier: Notifier, entry: LedgerEntry) -> None:
    """An earlier version is in production again: who decided so, and why."""
    said = entry.decision
    notifier.notify(
        Notification(
            kind="model rolled back",
            title=f"{said.model}: version {said.version} is in production again",
            what=f"rolled back by {said.by}: {said.reason}; version {said.replaces} is archived",
            where=f"entry {entry.sequence} of the ledger of {said.model}",
            how_much=f"from version {said.replaces} to version {said.version}",
            next_step=f"modelyard model history {said.model}",
            facts=_facts(entry),
            event=entry.hash,
        )
    )


def _facts(entry: LedgerEntry) -> dict[str, str]:
    """The hash goes where nobody can change it any more: with it a ledger is verified for good."""
    said = entry.decision
    return {
        "model": said.model,
        "version": str(said.version),
        "digest": said.digest,
        "evidence": said.evidence,
        "ledger": entry.hash,
    }
