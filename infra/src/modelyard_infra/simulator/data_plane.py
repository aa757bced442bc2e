"""Folders in the simulated lake: what ARM does not know, and the storage account's own API does."""

from __future__ import annotations

from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.rules.rows import NOT_FOUND
from modelyard_infra.simulator.store import Store, Stored, Tables

ACCOUNT, CONTAINER = "storage:StorageAccount", "storage:BlobContainer"
NOT_HIERARCHICAL = 409


class SimulatedLake:
    """Folders of all accounts in one simulated Azure. Every operation may be repeated."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_folder(self, account: str, file_system: str, path: str) -> None:
        """Makes a folder, and those above it.

        Raises:
            AzureError: there is no such account or file system, or the account has no hierarchical namespace.
        """
        with self._store.transaction() as tables:
            _require(tables, account, file_system)
            parts = path.strip("/").split("/")
            for depth in range(1, len(parts) + 1):
                values = (account.lower(), file_system.lower(), "/".join(parts[:depth]))
                tables.connection.execute("INSERT OR IGNORE INTO folders VALUES (?, ?, ?)", values)

    def folder_exists(self, account: str, file_system: str, path: str) -> bool:
        """Whether a folder is there; it is not if its account or file system is not."""
        with self._store.transaction() as tables:
            try:
                _require(tables, account, file_system)
            except AzureError:
                return False
            query = "SELECT 1 FROM folders WHERE account = ? AND file_system = ? AND path = ?"
            values = (account.lower(), file_system.lower(), path.strip("/"))
            return tables.connection.execute(query, values).fetchone() is not None

    def delete_folder(self, account: str, file_system: str, path: str) -> None:
        """Takes a folder away with all in it. It may be gone already."""
        with self._store.transaction() as tables:
            own = path.strip("/")
            tables.connection.execute(
                "DELETE FROM folders WHERE account = ? AND file_system = ? AND (path = ? OR substr(path, 1, ?) = ?)",
                (account.lower(), file_system.lower(), own, len(own) + 1, own + "/"),
            )


def _require(tables: Tables, account: str, file_system: str) -> None:
    accounts = tables.named(ACCOUNT, account)
    if not accounts:
        raise AzureError(NOT_FOUND, "ResourceNotFound", f"The host {account}.dfs.core.windows.net could not be found.")
    if not accounts[0].body.get("isHnsEnabled"):
        raise AzureError(
            NOT_HIERARCHICAL,
            "EndpointUnsupportedAccountFeatures",
            "This endpoint does not support BlobStorageEvents or SoftDelete. Please disable these account features if "
            "you would like to use this endpoint.",
        )
    if not any(_in_account(container, accounts[0]) for container in tables.named(CONTAINER, file_system)):
        raise AzureError(NOT_FOUND, "FilesystemNotFound", "The specified filesystem does not exist.")


def _in_account(container: Stored, account: Stored) -> bool:
    return container.key.startswith(account.key + "/")
