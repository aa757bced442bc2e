"""Landing and cleaning of a source that is a contract and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from modelyard.errors import DataNotReadyError
from modelyard.gates.contract import Contract
from modelyard.gates.files import suffix_of
from modelyard_bundle.atomic import write_atomically
from modelyard_pipelines.sources.steps import Cleaning

MONTH = "{month}"


@dataclass(frozen=True, slots=True)
class ContractedLanding:
    """Brings deliveries from where the contract's first server says: a file, or a folder of files."""

    source: str
    contract: Contract
    root: Path
    """What a relative path in the contract is relative to."""

    @property
    def monthly(self) -> bool:
        """Whether the place depends on the month."""
        return any(MONTH in server.path for server in self.contract.servers[:1])

    def __call__(self, month: str, to: Path, /, *, cache: Path | None = None) -> Path:
        """Copy the delivery into `to`. Of a folder, the first file by name that `to` does not hold as it is.

        A place that cannot be reached from here is no fault where a job of the source's own has put files into `to`.

        Raises:
            DataNotReadyError: there is no file.
        """
        del cache
        place = self._place(month)
        files = _files(place) if place else []
        if not files:
            return self._landed(to, place)
        for file in files:
            landed = to / file.name
            if not landed.is_file() or landed.read_bytes() != file.read_bytes():
                write_atomically(landed, file.read_bytes())
                return landed
        return to / files[-1].name

    def _place(self, month: str) -> Path | None:
        servers = self.contract.servers
        return self.root / servers[0].path.replace(MONTH, month) if servers else None

    def _landed(self, to: Path, place: Path | None) -> Path:
        there = _files(to)
        if there:
            return there[-1]
        looked = f"{place} and {to}" if place else f"{to}; its contract names no server"
        raise DataNotReadyError(
            f"{self.source}: no file to land; looked in {looked}; allowed are CSV, Parquet and JSON lines",
            hint=f"put a file there, or run modelyard data ingest {self.source} --file FILE",
        )


def _files(place: Path) -> list[Path]:
    """The files in a place that may be deliveries, by name."""
    if place.is_file():
        return [place]
    return sorted(file for file in place.glob("*") if file.is_file() and suffix_of(file.name))


def clean_as_contracted(contract: Contract) -> Cleaning:
    """A cleaning that gives each column the name that the contract has for it; types are the contract's already."""
    names = {column.name: column.clean_name for column in contract.columns if column.clean_name}

    def clean(raw: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        present = set(raw.collect_schema().names())
        renamed = {old: new for old, new in names.items() if old in present and old != new}
        return raw.rename(renamed) if renamed else raw

    return clean
