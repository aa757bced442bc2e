"""Stages over any store of versions: written once, so that every registry decides the same way.

The aliases `staging` and `production` are the truth, since each names one version at most and moves in one step. The
tag `stage` is for people, and for telling a candidate from what is archived; where it contradicts an alias, the alias
is right. For production the ledger is written first: whoever comes next finishes what a crash left half done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from modelyard.errors import (
    InvalidModelError,
    LedgerBrokenError,
    ModelNotFoundError,
    PromotionRefusedError,
    StagingRefusedError,
)
from modelyard.registry.ledger import GENESIS, Ledger, LedgerEntry, Promotion
from modelyard.registry.store import StoredModel, StoredVersion, VersionStore
from modelyard.registry.versions import ARTIFACTS, MODEL_FILE, ModelVersion, Registration, Stage

STAGING = "staging"
PRODUCTION = "production"


def _now() -> datetime:
    return datetime.now(UTC)


class StagedRegistry:
    """A model registry over a store of versions and a folder of ledgers.

    Args:
        store: Keeps versions, tags and aliases.
        ledger: The folder with one ledger per model.
        clock: The time, in UTC.
        patience: Seconds to wait for another promotion of the same model.
    """

    def __init__(
        self, store: VersionStore, *, ledger: Path, clock: Callable[[], datetime] = _now, patience: float = 10.0
    ) -> None:
        self._store = store
        self._ledgers = ledger
        self._clock = clock
        self._patience = patience

    def register(self, registration: Registration) -> ModelVersion:
        """A new version as candidate; the one that is there if this run or this fingerprint is registered already."""
        known = self._same_training(registration)
        if not known:
            self._store.add(registration, {**registration.to_tags(), "stage": "candidate"})
            known = self._same_training(registration)
            # Two trainings of the same thing may end at the same moment: both see both, and both keep the first.
            for late in known[1:]:
                self._store.remove(registration.model, late.version)
        return known[0]

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """All versions of a model, oldest first; none if it was never registered."""
        stored = self._store.read(model)
        return tuple(_version(model, version, stored) for version in stored.versions if "fingerprint" in version.tags)

    def version(self, model: str, version: int) -> ModelVersion:
        """One version.

        Raises:
            ModelNotFoundError: it does not exist.
        """
        versions = self.versions(model)
        for found in versions:
            if found.version == version:
                return found
        known = ", ".join(str(found.version) for found in versions) or "none"
        raise ModelNotFoundError(
            f"model {model} has no version {version}; registered: {known}", hint=f"modelyard model history {model}"
        )

    def find(self, model: str, *, fingerprint: str) -> ModelVersion | None:
        """The version with this fingerprint, whatever its stage."""
        return next((found for found in self.versions(model) if found.fingerprint == fingerprint), None)

    def candidates(self, model: str) -> tuple[ModelVersion, ...]:
        """The versions that wait for staging, oldest first."""
        return tuple(found for found in self.versions(model) if found.stage == "candidate")

    def staging(self, model: str) -> ModelVersion | None:
        """The version in staging."""
        return self._in_stage(model, "staging")

    def production(self, model: str) -> ModelVersion | None:
        """The version in production."""
        return self._in_stage(model, "production")

    def stage(self, model: str, version: int) -> ModelVersion:
        """Make a version staging; the previous one and all other candidates are archived.

        The alias moves last. A crash before it leaves this version as the only candidate.

        Raises:
            ModelNotFoundError: the version does not exist.
            StagingRefusedError: it is in production.
        """
        if self.version(model, version).stage == "production":
            raise StagingRefusedError(f"version {version} of {model} is in production, and cannot be staged as well")
        for other in self.versions(model):
            if other.version != version and other.stage == "candidate":
                self._store.tag(model, other.version, {"stage": "archived"})
        previous = self.staging(model)
        self._store.point(model, STAGING, version)
        self._store.tag(model, version, {"stage": "staging"})
        if previous and previous.version != version:
            self._store.tag(model, previous.version, {"stage": "archived"})
        return self.version(model, version)

    def promote(self, model: str, version: int, *, by: str, reason: str, evidence: str) -> LedgerEntry:
        """Make the version in staging production; the previous one is archived. The ledger is written first.

        Raises:
            PromotionRefusedError: the version is not in staging, or somebody else was faster.
            RegistryBusyError: another promotion of this model is under way.
            LedgerBrokenError: the ledger does not verify, so nothing is added to it.
        """
        ledger = self._ledger(model)
        with ledger.locked():
            last = self._finish(model, ledger)
            current = self.production(model)
            if last is not None and current is not None and current.version == version:
                return last
            entry = ledger.append(self._promotion(model, version, current, by=by, reason=reason, evidence=evidence))
            self._finish(model, ledger)
            return entry

    def history(self, model: str) -> tuple[LedgerEntry, ...]:
        """Every promotion, oldest first.

        Raises:
            LedgerBrokenError: the ledger does not verify.
        """
        return self._verified(model, self._ledger(model), self._store.read(model))

    def download(self, model: str, version: int, to: Path) -> Path:
        """Write model.skops, signature.json and example.json of a version into the folder `to`.

        Raises:
            ModelNotFoundError: the version does not exist.
            InvalidModelError: model.skops is not the file that was registered; nothing is written.
        """
        wanted = self.version(model, version).digest
        files = {name: self._store.fetch(model, version, name) for name in ARTIFACTS}
        found = hashlib.sha256(files[MODEL_FILE]).hexdigest()
        if found != wanted:
            raise InvalidModelError(
                f"{MODEL_FILE} of {model} version {version} has digest {found[:12]}, registered is {wanted[:12]}",
                hint=f"somebody changed the artifact: train again with `modelyard model train {model}`",
            )
        to.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (to / name).write_bytes(content)
        return to

    def _ledger(self, model: str) -> Ledger:
        return Ledger(self._ledgers / f"{model}.jsonl", patience=self._patience)

    def _in_stage(self, model: str, stage: Stage) -> ModelVersion | None:
        return next((found for found in self.versions(model) if found.stage == stage), None)

    def _same_training(self, registration: Registration) -> list[ModelVersion]:
        return [
            found
            for found in self.versions(registration.model)
            if found.run_id == registration.run_id or found.fingerprint == registration.fingerprint
        ]

    def _promotion(
        self, model: str, version: int, current: ModelVersion | None, *, by: str, reason: str, evidence: str
    ) -> Promotion:
        staged = self.staging(model)
        if staged is None or staged.version != version:
            raise PromotionRefusedError(
                f"version {version} of {model} is not in staging; "
                f"staging holds {f'version {staged.version}' if staged else 'nothing'}",
                hint=f"modelyard model stage {model}",
            )
        return Promotion(
            model=model,
            version=version,
            digest=staged.digest,
            replaces=current.version if current else None,
            by=by,
            reason=reason,
            evidence=evidence,
            data_versions=staged.data_versions,
            at=self._clock().isoformat(timespec="milliseconds"),
        )

    def _verified(self, model: str, ledger: Ledger, stored: StoredModel) -> tuple[LedgerEntry, ...]:
        """The ledger's entries. A chain cannot tell that its end was cut off, but the registry remembers the hashes."""
        entries = ledger.entries()
        known = {entry.hash for entry in entries}
        for found in stored.versions:
            if found.tags.get("ledger", GENESIS) not in {*known, GENESIS}:
                raise LedgerBrokenError(
                    f"the ledger of {model} lacks the entry by which version {found.version} was promoted",
                    hint="restore the ledger from the lake's backup; nothing is promoted until it is whole",
                )
        return entries

    def _finish(self, model: str, ledger: Ledger) -> LedgerEntry | None:
        """Bring aliases and tags to what the ledger's last entry says; does nothing where they are right already."""
        stored = self._store.read(model)
        entries = self._verified(model, ledger, stored)
        if not entries:
            return None
        last = entries[-1]
        if last.promotion.version not in {found.version for found in stored.versions}:
            raise ModelNotFoundError(
                f"the ledger says that version {last.promotion.version} of {model} is in production, "
                "but somebody has deleted it from the registry",
                hint="restore the registry's database from its backup",
            )
        self._point_at(model, last, stored.aliases or {})
        self._tag_after(model, last, {found.version: found.tags for found in stored.versions})
        return last

    def _point_at(self, model: str, last: LedgerEntry, aliases: Mapping[str, int]) -> None:
        version = last.promotion.version
        if aliases.get(PRODUCTION) != version:
            self._store.point(model, PRODUCTION, version)
        if aliases.get(STAGING) == version:
            self._store.point(model, STAGING, None)

    def _tag_after(self, model: str, last: LedgerEntry, tags: Mapping[int, Mapping[str, str]]) -> None:
        said = last.promotion
        wanted = {"stage": "production", "promoted_by": said.by, "ledger": last.hash}
        if any(tags[said.version].get(name) != value for name, value in wanted.items()):
            self._store.tag(model, said.version, wanted)
        if said.replaces is not None and tags.get(said.replaces, {}).get("stage") == "production":
            self._store.tag(model, said.replaces, {"stage": "archived"})


def _version(model: str, stored: StoredVersion, whole: StoredModel) -> ModelVersion:
    return ModelVersion.from_tags(
        stored.tags,
        model=model,
        version=stored.version,
        stage=_stage(stored, whole),
        created_at=stored.created_at,
    )


def _stage(stored: StoredVersion, whole: StoredModel) -> Stage:
    aliases = whole.aliases or {}
    if aliases.get(PRODUCTION) == stored.version:
        return "production"
    if aliases.get(STAGING) == stored.version:
        return "staging"
    return "candidate" if stored.tags.get("stage") == "candidate" else "archived"
