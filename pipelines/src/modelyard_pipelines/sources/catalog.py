"""Which sources there are. A folder with a contract is a source: adding a folder adds a source.

A contract alone is enough: such a source is landed from where its contract says, and cleaned as its contract says. A
`landing.py` or a `cleaning.py` beside it does what a contract cannot say.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from modelyard.environment.workspace import Workspace
from modelyard.errors import SourceNotFoundError
from modelyard.gates.contract import Contract
from modelyard.gates.loading import load_contract
from modelyard.gates.personal import protect
from modelyard_pipelines.folders import declared, load
from modelyard_pipelines.sources.contracted import ContractedLanding, clean_as_contracted
from modelyard_pipelines.sources.steps import Cleaning, Landing

FOLDER = Path(__file__).parent
CONTRACT = "contract.yaml"
LANDING, CLEANING = "landing.py", "cleaning.py"


@dataclass(frozen=True, slots=True)
class Source:
    """One source of data."""

    name: str
    contract: Contract
    land: Landing
    cleaning: Cleaning
    """The source's own part of cleaning; `clean` is the whole of it."""
    monthly: bool
    """True where each month brings a new file, so that a landing must be told the month."""
    months: tuple[str, ...] = ()
    """Every month that its own landing knows of, in order; empty where only whoever asks knows the month."""
    own_landing: bool = True
    """False where the contract says where deliveries come from."""
    own_cleaning: bool = True
    """False where the contract says what CLEAN holds."""

    def clean(self, raw: nw.LazyFrame[Any], *, pseudonym_key: str = "") -> nw.LazyFrame[Any]:
        """RAW rows as CLEAN rows. Personal data goes first, by contract, so that no cleaning can forget it."""
        return self.cleaning(protect(raw, self.contract, key=pseudonym_key))


def source_names(workspace: Workspace | None = None) -> tuple[str, ...]:
    """The names of all sources, sorted: the workspace's, and those that this package brings along."""
    return tuple(_folders(workspace))


def find_source(name: str, workspace: Workspace | None = None) -> Source:
    """The source called `name`.

    Raises:
        SourceNotFoundError: no folder of this name has a contract.
        InvalidSettingsError: its contract says something that is not allowed.
    """
    folders = _folders(workspace)
    if name not in folders:
        message = f"no source is called {name!r}; allowed: {', '.join(folders)}"
        raise SourceNotFoundError(message, hint="modelyard data new --help")
    folder = folders[name]
    contract = load_contract(folder / CONTRACT)
    own_landing, own_cleaning = (folder / LANDING).is_file(), (folder / CLEANING).is_file()
    contracted = ContractedLanding(name, contract, workspace.root if workspace else Path.cwd())
    landing = load(folder / LANDING) if own_landing else None
    return Source(
        name=name,
        contract=contract,
        land=landing.land if landing else contracted,
        cleaning=load(folder / CLEANING).clean if own_cleaning else clean_as_contracted(contract),
        monthly=contract.delivery == "increment" if own_landing else contracted.monthly,
        months=tuple(getattr(landing, "MONTHS", ())),
        own_landing=own_landing,
        own_cleaning=own_cleaning,
    )


def contracted_names(workspace: Workspace | None = None) -> tuple[str, ...]:
    """The names of the sources whose contract says what CLEAN holds, sorted."""
    return tuple(name for name, folder in _folders(workspace).items() if not (folder / CLEANING).is_file())


def _folders(workspace: Workspace | None) -> dict[str, Path]:
    places = [workspace.sources, FOLDER] if workspace else [FOLDER]
    return declared(places, CONTRACT)
