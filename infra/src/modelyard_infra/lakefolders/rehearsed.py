"""Folders in the simulated Azure: what a rehearsal makes instead of real ones."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from modelyard_infra.lakefolders.folders import Place
from modelyard_infra.local.kinds import Call, LocalResourceError
from modelyard_infra.simulator.data_plane import SimulatedLake
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.store import Store


class RehearsedFolders:
    """Folders in the file of a simulated Azure."""

    def __init__(self, file: str) -> None:
        self._file = file

    @cached_property
    def _lake(self) -> SimulatedLake:
        return SimulatedLake(Store(Path(self._file)))

    def make(self, place: Place, call: Call) -> None:
        """Make it in the simulated account, which must exist."""
        del call
        try:
            self._lake.create_folder(*place)
        except AzureError as no:
            raise LocalResourceError(f"cannot make the folder {place.id}: {no.code}: {no.message}") from no

    def exists(self, place: Place) -> bool:
        """Whether it is there."""
        return self._lake.folder_exists(*place)
