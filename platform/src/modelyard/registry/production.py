"""What is in production of one model: the ledger says so first, and aliases and tags follow.

Whoever comes next finishes what a crash left half done. What an entry says is never taken back; going back is an entry
of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from modelyard.errors import (
    InvalidModelError,
    LedgerBrokenError,
    ModelNotFoundError,
    PromotionRefusedError,
    RollbackRefusedError,
)
from modelyard.registry.entries import GENESIS, Action, Decider, Decision, LedgerEntry
from modelyard.registry.ledger import HINT, Ledger
from modelyard.registry.store import StoredModel, StoredVersion, VersionStore
from modelyard.registry.versions import ModelVersion
from modelyard.registry.words import PRODUCTION, STAGING

LEDGER_TAG = "ledger"
"""On a version, the hash of the entry that made it production; on the model, the hash of the last entry."""


class Production:
    """Decisions about the production version of one model.

    Args:
        model: The model's name.
        store: Keeps versions, tags and aliases.
        folder: Holds the ledgers.
        clock: The time, in UTC.
        patience: Seconds to wait for another decision about the same model.
        check: Refuses a version whose files are not those that were registered.
    """

    def __init__(
        self,
        model: str,
        store: VersionStore,
        *,
        folder: Path,
        clock: Callable[[], datetime],
        patience: float,
        check: Callable[[str, int], None],
    ) -> None:
        self._model = model
        self._store = store
        self._ledger = Ledger(folder / f"{model}.jsonl", patience=patience)
        self._clock = clock
        self._check = check

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everybody else from changing stages of this model."""
        with self._ledger.locked():
            yield

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Every decision, oldest first, verified against what the registry remembers."""
        return self._verified(self._store.read(self._model))

    def promote(self, version: int, *, by: str, reason: str, evidence: str, decided_by: Decider) -> LedgerEntry:
        """Make the version in staging production."""
        with self._ledger.locked():
            last = self._finish()
            if last is not None and last.decision.version == version:
                return _own(last, by=by, reason=reason)
            staged = self._staged(version)
            entry = self._ledger.append(
                self._decision(
                    staged,
                    last,
                    by=by,
                    reason=reason,
                    evidence=evidence,
                    action="promotion",
                    decided_by=decided_by,
                )
            )
            self._finish()
            return entry

    def before(self, *, to: int | None = None) -> int:
        """The version that a rollback leads to."""
        return _target(self._model, self.entries(), to=to)

    def roll_back(self, *, by: str, reason: str, to: int | None) -> LedgerEntry:
        """Make the version production that was so before."""
        with self._ledger.locked():
            # The version in production may be the very one that somebody deleted: going back is the way out.
            with suppress(ModelNotFoundError):
                self._finish()
            entries = self.entries()
            last, version = entries[-1] if entries else None, _target(self._model, entries, to=to)
            if last is None or last.decision.version == version:
                return entries[-1]
            then = next(entry for entry in reversed(entries) if entry.decision.version == version)
            found = self._stored(version)
            if found is None:
                raise RollbackRefusedError(
                    f"version {version} of {self._model} was in production before, but somebody has deleted it",
                    hint=f"modelyard model history {self._model} shows what else was; then add --to VERSION",
                )
            self._check_digest(found, then)
            self._check(self._model, version)
            entry = self._ledger.append(
                self._decision(
                    found, last, by=by, reason=reason, evidence=then.hash, action="rollback", decided_by="person"
                )
            )
            self._finish()
            return entry

    def _decision(
        self,
        stored: ModelVersion,
        last: LedgerEntry | None,
        *,
        by: str,
        reason: str,
        evidence: str,
        action: Action,
        decided_by: Decider,
    ) -> Decision:
        now = self._clock().astimezone(UTC)
        # A clock that was put back must not turn history around.
        at = max(now, last.decision.time) if last else now
        return Decision(
            model=self._model,
            version=stored.version,
            digest=stored.digest,
            replaces=last.decision.version if last else None,
            by=by,
            reason=reason,
            evidence=evidence,
            data_versions=stored.data_versions,
            at=at.isoformat(timespec="milliseconds"),
            action=action,
            decided_by=decided_by,
        )

    def _staged(self, version: int) -> ModelVersion:
        aliases = self._store.read(self._model).aliases
        found = self._stored(version)
        if found is None or aliases.get(STAGING) != version:
            named = aliases.get(STAGING)
            raise PromotionRefusedError(
                f"version {version} of {self._model} is not in staging; "
                f"staging holds {'nothing' if named is None else f'version {named}'}",
                hint=f"modelyard model stage {self._model}",
            )
        return found

    def _stored(self, version: int) -> ModelVersion | None:
        versions = self._store.read(self._model).versions
        found = next((one for one in versions if one.version == version), None)
        return None if found is None else _described(self._model, found)

    def _verified(self, stored: StoredModel) -> tuple[LedgerEntry, ...]:
        """The ledger's entries. A chain cannot tell that its end was cut off, but the registry remembers the hashes."""
        entries = self._ledger.entries()
        known = {GENESIS, *(entry.hash for entry in entries)}
        remembered = {f"version {one.version} was promoted": one.tags for one in stored.versions}
        for what, tags in {**remembered, "the last decision was made": stored.tags}.items():
            if tags.get(LEDGER_TAG, GENESIS) not in known:
                raise LedgerBrokenError(f"the ledger of {self._model} lacks the entry by which {what}", hint=HINT)
        return entries

    def _finish(self) -> LedgerEntry | None:
        """Bring aliases and tags to what the ledger's last entry says; does nothing where they are right already."""
        stored = self._store.read(self._model)
        entries = self._verified(stored)
        if not entries:
            return None
        last = entries[-1]
        found = {one.version: one for one in stored.versions}
        if last.decision.version not in found:
            raise ModelNotFoundError(
                f"the ledger says that version {last.decision.version} of {self._model} is in production, "
                "but somebody has deleted it from the registry",
                hint=f"restore the registry's database from its backup, or modelyard model rollback {self._model}",
            )
        self._point_at(last, stored.aliases)
        self._tag_after(last, {version: one.tags for version, one in found.items()})
        if stored.tags.get(LEDGER_TAG) != last.hash:
            self._store.mark(self._model, {LEDGER_TAG: last.hash, "ledger_entries": str(last.sequence)})
        return last

    def _point_at(self, last: LedgerEntry, aliases: Mapping[str, int]) -> None:
        version = last.decision.version
        if aliases.get(PRODUCTION) != version:
            self._store.point(self._model, PRODUCTION, version)
        if aliases.get(STAGING) == version:
            self._store.point(self._model, STAGING, None)

    def _tag_after(self, last: LedgerEntry, tags: Mapping[int, Mapping[str, str]]) -> None:
        said = last.decision
        wanted = {"stage": "production", "promoted_by": said.by, LEDGER_TAG: last.hash}
        if any(tags[said.version].get(name) != value for name, value in wanted.items()):
            self._store.tag(self._model, said.version, wanted)
        if said.replaces is not None and tags.get(said.replaces, {}).get("stage") == "production":
            self._store.tag(self._model, said.replaces, {"stage": "archived"})

    def _check_digest(self, found: ModelVersion, then: LedgerEntry) -> None:
        """The registry may be written by many; the ledger knows what was in production."""
        if found.digest != then.decision.digest:
            raise InvalidModelError(
                f"the registry says that version {found.version} of {self._model} has digest {found.digest[:12]}, "
                f"but what was in production had {then.decision.digest[:12]}",
                hint=f"somebody changed the registry: modelyard model rollback {self._model} --to VERSION",
            )


def _target(model: str, entries: tuple[LedgerEntry, ...], *, to: int | None) -> int:
    """The version that a rollback leads to, by the ledger alone."""
    if not entries:
        raise RollbackRefusedError(
            f"nothing of {model} was ever in production", hint=f"modelyard model promote {model}"
        )
    last, known = entries[-1].decision, sorted({entry.decision.version for entry in entries})
    if to is not None and to not in known:
        raise RollbackRefusedError(
            f"version {to} of {model} was never in production; versions that were: {', '.join(map(str, known))}",
            hint=f"modelyard model history {model}",
        )
    if to is not None:
        return to
    if last.action == "rollback":
        return last.version
    if last.replaces is None:
        raise RollbackRefusedError(
            f"version {last.version} of {model} is the first in production, so there is nothing to go back to",
            hint=f"modelyard model train {model}",
        )
    return last.replaces


def _own(last: LedgerEntry, *, by: str, reason: str) -> LedgerEntry:
    """The entry of who promotes again what is in production already. Of several who wish the same, one has won."""
    said = last.decision
    if (said.by, said.reason) != (by, reason):
        raise PromotionRefusedError(
            f"version {said.version} of {said.model} is in production already, "
            f"by {said.by} at {said.at}: {said.reason}",
            hint=f"modelyard model history {said.model}",
        )
    return last


def _described(model: str, stored: StoredVersion) -> ModelVersion:
    return ModelVersion.from_tags(
        stored.tags, model=model, version=stored.version, stage="archived", created_at=stored.created_at
    )
