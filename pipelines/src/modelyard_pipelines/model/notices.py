"""What people are told about models."""

from __future__ import annotations

from modelyard.evaluation.staging import StagingDecision
from modelyard.notify.notification import Notification
from modelyard.notify.notifier import Notifier
from modelyard.registry.ledger import LedgerEntry
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.comparing import Compared


def tell_of_staging(
    notifier: Notifier, version: ModelVersion, before: ModelVersion | None, decision: StagingDecision
) -> None:
    """A version is in staging: what it reached, and what was archived for it."""
    archived = "nothing was in staging before" if before is None else f"version {before.version} was archived"
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in sorted(version.metrics.items()))
    notifier.notify(
        Notification(
            kind="model staged",
            title=f"{version.model}: version {version.version} is in staging",
            what=f"{decision.summary}; {archived}",
            where=f"{version.model} version {version.version}, run {version.run_id}",
            how_much=metrics,
            next_step=f"modelyard model compare {version.model}",
            facts={"digest": version.digest, "commit": version.commit},
            event=f"{version.model} {version.version} {version.fingerprint}",
        )
    )


def tell_of_promotion(notifier: Notifier, entry: LedgerEntry, compared: Compared) -> None:
    """A version is in production: who decided so, why, and what was archived for it."""
    said = entry.promotion
    archived = "nothing was in production before" if said.replaces is None else f"version {said.replaces} is archived"
    notifier.notify(
        Notification(
            kind="model promoted",
            title=f"{said.model}: version {said.version} is in production",
            what=f"promoted by {said.by}: {said.reason}; {archived}",
            where=f"entry {entry.sequence} of the ledger of {said.model}",
            how_much="; ".join(compared.comparison.reasons),
            next_step=f"modelyard release deploy {said.model}",
            facts={"digest": said.digest, "evidence": said.evidence},
            event=entry.hash,
        )
    )
