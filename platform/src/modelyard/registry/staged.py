"""Stages over any store of versions: written once, so that every registry decides the same way.

The aliases `staging` and `production` are the truth, since each names one version at most and moves in one step. The
tag `stage` is for people, and for telling a candidate from what is archived; where it contradicts an alias, the alias
is right. For production the ledger is written first: whoever comes next finishes what a crash left half done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from modelyard.errors import InvalidModelError, ModelNotFoundError, StagingRefusedError
from modelyard.registry.entries import Decider, LedgerEntry
from modelyard.registry.production import Production
from modelyard.registry.store import StoredModel, StoredVersion, VersionStore
from modelyard.registry.versions import EXAMPLE_FILE, SIGNATURE_FILE, ModelVersion, Registration, Stage
from modelyard.registry.words import PRODUCTION, STAGING
from modelyard_bundle.digests import digest_of


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

    def stage(self, model: str, version: int, *, over: Collection[int] | None = None) -> ModelVersion:
        """Make a version staging; the previous one and the candidates that it was chosen over are archived.

        The alias moves last. A crash before it leaves this version as the only candidate.

        Args:
            model: The model's name.
            version: The version.
            over: The candidates that lost; all others that there are if none are given.

        Raises:
            ModelNotFoundError: the version does not exist.
            StagingRefusedError: it is in production.
            RegistryBusyError: a promotion of this model is under way.
        """
        with self._decisions(model).locked():
            if self.version(model, version).stage == "production":
                raise StagingRefusedError(
                    f"version {version} of {model} is in production, and cannot be staged as well",
                    hint=f"modelyard model history {model}",
                )
            for other in self.candidates(model):
                if other.version != version and (over is None or other.version in over):
                    self._store.tag(model, other.version, {"stage": "archived"})
            previous = self.staging(model)
            self._store.point(model, STAGING, version)
            self._store.tag(model, version, {"stage": "staging"})
            if previous and previous.version != version:
                self._store.tag(model, previous.version, {"stage": "archived"})
            return self.version(model, version)

    def promote(
        self, model: str, version: int, *, by: str, reason: str, evidence: str, decided_by: Decider = "person"
    ) -> LedgerEntry:
        """Make the version in staging production; the previous one is archived. The ledger is written first.

        Raises:
            PromotionRefusedError: the version is not in staging, or somebody else was faster.
            RegistryBusyError: another promotion of this model is under way.
            LedgerBrokenError: the ledger does not verify, so nothing is added to it.
        """
        return self._decisions(model).promote(version, by=by, reason=reason, evidence=evidence, decided_by=decided_by)

    def before(self, model: str, *, to: int | None = None) -> int:
        """The version that a rollback leads to; nothing is changed.

        Raises:
            RollbackRefusedError: nothing was in production before, or `to` never was.
            LedgerBrokenError: the ledger does not verify.
        """
        return self._decisions(model).before(to=to)

    def roll_back(self, model: str, *, by: str, reason: str, to: int | None = None) -> LedgerEntry:
        """Make the version production that was so before; the one that is so now is archived.

        A rollback right after a rollback changes nothing, so that running it again is safe; `to` leads further back.

        Raises:
            RollbackRefusedError: nothing was in production before, `to` never was, or the version is gone.
            InvalidModelError: the version's files are not those that were in production.
            RegistryBusyError: a promotion of this model is under way.
            LedgerBrokenError: the ledger does not verify, so nothing is added to it.
        """
        decisions = self._decisions(model)
        return decisions.roll_back(by=by, reason=reason, to=to)

    def history(self, model: str) -> tuple[LedgerEntry, ...]:
        """Every decision about production, oldest first.

        Raises:
            LedgerBrokenError: the ledger does not verify, or the registry remembers more of it.
        """
        return self._decisions(model).entries()

    def download(self, model: str, version: int, to: Path) -> Path:
        """Write a version's pipeline, signature.json and example.json into the folder `to`.

        Raises:
            ModelNotFoundError: the version does not exist.
            InvalidModelError: the pipeline is not the one that was registered; nothing is left in `to`.
        """
        found = self.version(model, version)
        to.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="modelyard-", dir=to.parent) as temporary:
            files = [
                self._store.fetch(model, version, name, Path(temporary))
                for name in (found.holder, SIGNATURE_FILE, EXAMPLE_FILE)
            ]
            if (digest := digest_of(files[0])) != found.digest:
                raise InvalidModelError(
                    f"{found.holder} of {model} version {version} has digest {digest[:12]}, "
                    f"registered is {found.digest[:12]}",
                    hint=f"somebody changed the artifact: train again with `modelyard model train {model}`",
                )
            for file in files:
                _move(file, to / file.name)
        return to

    def _decisions(self, model: str) -> Production:
        return Production(
            model, self._store, folder=self._ledgers, clock=self._clock, patience=self._patience, check=self._check
        )

    def _check(self, model: str, version: int) -> None:
        """Download a version and forget it: what counts is that its digest is right."""
        with TemporaryDirectory(prefix="modelyard-") as temporary:
            self.download(model, version, Path(temporary) / "version")

    def _in_stage(self, model: str, stage: Stage) -> ModelVersion | None:
        return next((found for found in self.versions(model) if found.stage == stage), None)

    def _same_training(self, registration: Registration) -> list[ModelVersion]:
        return [
            found
            for found in self.versions(registration.model)
            if found.run_id == registration.run_id or found.fingerprint == registration.fingerprint
        ]


def _move(found: Path, to: Path) -> None:
    """Put a file or a folder in the place of whatever is there."""
    if to.is_dir():
        shutil.rmtree(to)
    found.replace(to)


def _version(model: str, stored: StoredVersion, whole: StoredModel) -> ModelVersion:
    return ModelVersion.from_tags(
        stored.tags,
        model=model,
        version=stored.version,
        stage=_stage(stored, whole),
        created_at=stored.created_at,
    )


def _stage(stored: StoredVersion, whole: StoredModel) -> Stage:
    if whole.aliases.get(PRODUCTION) == stored.version:
        return "production"
    if whole.aliases.get(STAGING) == stored.version:
        return "staging"
    return "candidate" if stored.tags.get("stage") == "candidate" else "archived"
