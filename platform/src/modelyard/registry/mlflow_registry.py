"""The model registry on an MLflow server."""

from __future__ import annotations

from pathlib import Path

from modelyard.registry.mlflow_store import MlflowStore
from modelyard.registry.staged import StagedRegistry


class MlflowRegistry(StagedRegistry):
    """Stages as aliases and tags in MLflow's registry, promotions in ledgers.

    Args:
        tracking: Address of the MLflow server.
        ledger: The folder with one ledger per model.
        patience: Seconds to wait for another promotion of the same model.
    """

    def __init__(self, tracking: str, ledger: Path, *, patience: float = 10.0) -> None:
        super().__init__(MlflowStore(tracking), ledger=ledger, patience=patience)
