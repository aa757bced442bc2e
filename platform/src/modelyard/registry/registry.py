"""What a model registry must do: versions, their stages, and one production version at most."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from modelyard.registry.entries import Decider, LedgerEntry
from modelyard.registry.versions import ModelVersion, Registration


class ModelRegistry(Protocol):
    """Versions of models and their stages. Every change may be run again after a crash and ends the same."""

    def register(self, registration: Registration) -> ModelVersion:
        """A new version as candidate; the one that is there if this run or this fingerprint is registered already."""

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """All versions of a model, oldest first; none if it was never registered."""

    def version(self, model: str, version: int) -> ModelVersion:
        """One version.

        Raises:
            ModelNotFoundError: it does not exist.
        """

    def find(self, model: str, *, fingerprint: str) -> ModelVersion | None:
        """The version with this fingerprint, whatever its stage."""

    def candidates(self, model: str) -> tuple[ModelVersion, ...]:
        """The versions that wait for staging, oldest first."""

    def staging(self, model: str) -> ModelVersion | None:
        """The version in staging."""

    def production(self, model: str) -> ModelVersion | None:
        """The version in production."""

    def stage(self, model: str, version: int, *, over: Collection[int] | None = None) -> ModelVersion:
        """Make a version staging; the previous one and the candidates that it was chosen over are archived.

        Args:
            model: The model's name.
            version: The version.
            over: The candidates that lost; all others that there are if none are given.

        Raises:
            ModelNotFoundError: the version does not exist.
            StagingRefusedError: it is in production.
            RegistryBusyError: a promotion of this model is under way.
        """

    def promote(
        self, model: str, version: int, *, by: str, reason: str, evidence: str, decided_by: Decider = "person"
    ) -> LedgerEntry:
        """Make the version in staging production; the previous one is archived. The ledger is written first.

        Args:
            model: The model's name.
            version: The version in staging.
            by: Who promotes, a person's name or a policy's.
            reason: Why.
            evidence: Digest of what the decision rests on.
            decided_by: Whether `by` is a person or a policy.

        Returns:
            The ledger's entry; the one that is there if this very promotion was made before.

        Raises:
            PromotionRefusedError: the version is not in staging, or somebody else was faster.
            RegistryBusyError: another promotion of this model is under way.
            LedgerBrokenError: the ledger does not verify, so nothing is added to it.
        """

    def before(self, model: str, *, to: int | None = None) -> int:
        """The version that a rollback leads to; nothing is changed.

        Raises:
            RollbackRefusedError: nothing was in production before, or `to` never was.
            LedgerBrokenError: the ledger does not verify.
        """

    def roll_back(self, model: str, *, by: str, reason: str, to: int | None = None) -> LedgerEntry:
        """Make the version production that was so before; the one that is so now is archived.

        A rollback right after a rollback changes nothing, so that running it again is safe; `to` leads further back.

        Raises:
            RollbackRefusedError: nothing was in production before, `to` never was, or the version is gone.
            InvalidModelError: the version's files are not those that were in production.
            RegistryBusyError: a promotion of this model is under way.
            LedgerBrokenError: the ledger does not verify, so nothing is added to it.
        """

    def history(self, model: str) -> tuple[LedgerEntry, ...]:
        """Every decision about production, oldest first.

        Raises:
            LedgerBrokenError: the ledger does not verify, or the registry remembers more of it.
        """

    def download(self, model: str, version: int, to: Path) -> Path:
        """Write a version's pipeline, signature.json and example.json into the folder `to`.

        Raises:
            ModelNotFoundError: the version does not exist.
            InvalidModelError: the pipeline is not the one that was registered; nothing is left in `to`.
        """
