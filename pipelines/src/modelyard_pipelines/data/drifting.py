"""Whether the data walks away: the newest stored batch of a source against its first ones.

The gates compare a batch with everything that is stored, or with the snapshot before it. Data that walks away in small
steps takes that along, and every step is let in. The first batches stay where they were, so this measures from there,
with the distances and the limits of the significance gate, over the profiles that are kept with every batch.

What it is not: a monitor of a model. It sees no request, no prediction and no label, and it does not know what a model
has learned from. It looks at what the contract compares, one column at a time, and only at the newest batch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import DataNotReadyError
from modelyard.gates.history import AcceptedBatch
from modelyard.gates.report import Check, Finding
from modelyard.gates.significance import ENOUGH, check_significance
from modelyard.notify.notification import Notification
from modelyard_pipelines.data.history import accepted_batches
from modelyard_pipelines.sources.catalog import Source

KIND = "data drift"


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the newest batch of a source lies from its first ones."""

    source: str
    batch: str
    """The newest batch: its period, or the name of its file."""
    digest: str
    reference: tuple[str, ...]
    """The first batches, named likewise. Empty: there is nothing before the newest one yet."""
    findings: tuple[Finding, ...]
    """What lies beyond its limit and is not chance."""
    checks: tuple[Check, ...]
    """Every distance that was measured, largest first."""

    @property
    def drifted(self) -> bool:
        """Whether anything lies beyond its limit."""
        return bool(self.findings)

    def sentence(self) -> str:
        """One line: what is compared with what, and what came of it."""
        if not self.reference:
            return f"{self.source}: {self.batch} is the only batch yet, so there is nothing to compare it with"
        against = f"{self.reference[0]} to {self.reference[-1]}" if len(self.reference) > 1 else self.reference[0]
        said = [f"{one.subject} {one.message}: {one.found}, allowed {one.allowed}" for one in self.findings]
        return f"{self.source}: {self.batch} against {against}: {'; '.join(said) or 'within every limit'}"

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {**asdict(self), "drifted": self.drifted}


def drift(platform: Platform, source: Source, *, reference: int | None = None) -> Drift:
    """Compares the newest stored batch with the first ones, and tells people once about a batch that lies too far off.

    Args:
        platform: the environment.
        source: the source.
        reference: how many of the first batches; as many as margins are learned from unless given, and of snapshots
            the first one, since each of them is the whole.

    Raises:
        DataNotReadyError: nothing of this source is stored yet.
    """
    batches = accepted_batches(platform.batches, source.name)
    if not batches:
        raise DataNotReadyError(f"nothing of {source.name} is stored yet", hint=f"modelyard data run {source.name}")
    wanted = reference or (ENOUGH if source.contract.delivery == "increment" else 1)
    newest, first = batches[-1], batches[:-1][:wanted]
    rate = platform.environment.gates.false_alarm_rate
    findings, checks = check_significance(
        newest.profile, [one.profile for one in first], source.contract, false_alarm_rate=rate
    )
    measured = sorted((one for one in checks if one.measured is not None), key=_distance, reverse=True)
    found = Drift(
        source=source.name,
        batch=_named(newest),
        digest=newest.digest,
        reference=tuple(map(_named, first)),
        findings=tuple(findings),
        checks=tuple(measured),
    )
    if found.drifted:
        platform.notifier.notify(_notice(found))
    return found


def _named(batch: AcceptedBatch) -> str:
    return batch.period or batch.file


def _distance(check: Check) -> tuple[bool, float]:
    """The number of rows is no distance: it comes last."""
    return check.name != "volume", check.measured or 0.0


def _notice(found: Drift) -> Notification:
    columns = sorted({one.subject for one in found.findings})
    return Notification(
        kind=KIND,
        title=f"{found.source}: the data has walked away from where it began",
        what=found.sentence(),
        where=f"RAW/{found.source}",
        how_much=f"{len(columns)} columns: {', '.join(columns)}",
        next_step=f"modelyard data drift {found.source}",
        facts={"batch": found.digest, "reference": ", ".join(found.reference)},
        event=f"{found.source} {found.digest} {' '.join(found.reference)}",
    )
