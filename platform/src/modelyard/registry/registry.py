"""What a model registry must do: versions, their stages, and one production version at most."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from modelyard.registry.ledger import LedgerEntry
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

    def stage(self, model: str, version: int) -> ModelVersion:
        """Make a version staging; the previous one and all other candidates are archived.

        Raises:
            ModelNotFoundError: the version does not exist.
            StagingRefusedError: it is in production.
        """

    def promote(self, model: str, version: int, *, by: str, reason: str, evidence: str) -> LedgerEntry:
        """Make the version in staging production; the previous one is archived. The ledger is written first.

        Args:
            model: The model's name.
            version: The version in staging.
            by: Who promotes, a person's name or a policy's.
            reason: Why.
            evidence: Digest of what the decision rests on.

        Returns:
            The ledger's entry; the one that is there if this version is in production already.

        Raises:
            PromotionRefusedError: the version is not in staging, or somebody else was faster.
            RegistryBusyError: another promotion of this model is under way.
            LedgerBrokenError: the ledger does not verify, so nothing is added to it.
        """

    def history(self, model: str) -> tuple[LedgerEntry, ...]:
        """Every promotion, oldest first.

        Raises:
            LedgerBrokenError: the ledger does not verify.
        """

    def download(self, model: str, version: int, to: Path) -> Path:
        """Write model.skops, signature.json and example.json of a version into the folder `to`.

        Raises:
            ModelNotFoundError: the version does not exist.
            InvalidModelError: model.skops is not the file that was registered; nothing is written.
        """
