"""Which purposes there are. A folder with a purpose.py is a purpose: adding a folder adds a purpose.

A purpose over one source needs no folder: what CLEAN holds of the source is what CURATED holds of the purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import narwhals as nw

from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError, PurposeNotFoundError
from modelyard_pipelines.folders import declared, load
from modelyard_pipelines.sources.catalog import Source, contracted_names, find_source, source_names

FOLDER = Path(__file__).parent
DECLARATION = "purpose.py"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What CURATED/`name` is made of."""

    name: str
    driving: str
    """The source whose batches drive the table: each of its CLEAN rows becomes one row."""
    increments: tuple[str, ...]
    """Other sources that grow; the batch of the same period must be there before the join."""
    snapshots: tuple[str, ...]
    """Sources of which the latest delivery is joined."""
    join: Callable[..., nw.LazyFrame[Any]]
    """Takes the CLEAN tables as lazy frames: the driving one, the increments, the snapshots, in this order."""
    key: tuple[str, ...]
    """The columns that name a row."""
    replaces: bool = False
    """Whether each batch replaces the table, because the driving source delivers snapshots. Found out, not declared."""

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources, in the order in which `join` takes them."""
        return (self.driving, *self.increments, *self.snapshots)


def purpose_names(workspace: Workspace | None = None) -> tuple[str, ...]:
    """The names of all purposes, sorted: the declared ones, and each source that is cleaned as its contract says."""
    return tuple(sorted({*_folders(workspace), *contracted_names(workspace)}))


def find_purpose(name: str, workspace: Workspace | None = None) -> Purpose:
    """The purpose called `name`; the one over a single source where none is declared and a source has this name.

    Raises:
        PurposeNotFoundError: neither a purpose nor a source has this name.
        InvalidSettingsError: the folder does not declare a purpose.
    """
    folders = _folders(workspace)
    if name not in folders and name not in source_names(workspace):
        message = f"no purpose is called {name!r}; allowed: {', '.join(purpose_names(workspace))}"
        raise PurposeNotFoundError(message, hint="modelyard data curate --help")
    if name not in folders:
        return _over_one(find_source(name, workspace))
    found = getattr(load(folders[name] / DECLARATION), "PURPOSE", None)
    if not isinstance(found, Purpose):
        raise InvalidSettingsError(
            f"{folders[name] / DECLARATION}: PURPOSE must be a Purpose, found {type(found).__name__}",
            hint="declare PURPOSE = Purpose(...)",
        )
    return replace(found, replaces=_replaces(find_source(found.driving, workspace)))


def _over_one(source: Source) -> Purpose:
    """CURATED as CLEAN has it."""
    contract = source.contract
    names = {column.name: column.clean_name or column.name for column in contract.columns if column.clean != "drop"}
    # A cleaning of the source's own may call a column what it likes.
    key = () if source.own_cleaning else tuple(names[name] for name in contract.key if name in names)
    return Purpose(
        name=source.name,
        driving=source.name,
        increments=(),
        snapshots=(),
        join=lambda rows: rows,
        key=key,
        replaces=_replaces(source),
    )


def _replaces(source: Source) -> bool:
    return source.contract.delivery == "snapshot"


def _folders(workspace: Workspace | None) -> dict[str, Path]:
    places = [workspace.purposes, FOLDER] if workspace else [FOLDER]
    return declared(places, DECLARATION)
