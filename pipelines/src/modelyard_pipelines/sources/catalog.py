"""Which sources there are. A folder with a contract is a source: adding a folder adds a source."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw

from modelyard.errors import SourceNotFoundError
from modelyard.gates.contract import Contract
from modelyard.gates.loading import load_contract
from modelyard.gates.personal import protect

FOLDER = Path(__file__).parent
CONTRACT = "contract.yaml"


class Landing(Protocol):
    """Writes one file of a source into a folder."""

    def __call__(self, month: str, to: Path, /, *, cache: Path | None = None) -> Path:
        """Write the file for `month`, and return where it is."""
        ...


class Cleaning(Protocol):
    """Turns RAW rows, personal data already taken out, into CLEAN rows."""

    def __call__(self, raw: nw.LazyFrame[Any], /) -> nw.LazyFrame[Any]:
        """The cleaned rows, still lazy."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """One source of data."""

    name: str
    contract: Contract
    land: Landing
    cleaning: Cleaning
    """The source's own part of cleaning; `clean` is the whole of it."""

    @property
    def monthly(self) -> bool:
        """True where each month brings a new file, False where each delivery replaces the last."""
        return self.contract.delivery == "increment"

    def clean(self, raw: nw.LazyFrame[Any], *, pseudonym_key: str = "") -> nw.LazyFrame[Any]:
        """RAW rows as CLEAN rows. Personal data goes first, by contract, so that no cleaning can forget it."""
        return self.cleaning(protect(raw, self.contract, key=pseudonym_key))


def source_names() -> tuple[str, ...]:
    """The names of all sources, sorted."""
    return tuple(sorted(file.parent.name for file in FOLDER.glob(f"*/{CONTRACT}")))


def find_source(name: str) -> Source:
    """The source called `name`.

    Raises:
        SourceNotFoundError: no folder of this name has a contract.
        InvalidSettingsError: its contract says something that is not allowed.
    """
    if name not in source_names():
        message = f"no source is called {name!r}; allowed: {', '.join(source_names())}"
        raise SourceNotFoundError(message, hint="modelyard data land --help")
    landing = import_module(f"{__package__}.{name}.landing")
    cleaning = import_module(f"{__package__}.{name}.cleaning")
    return Source(name, load_contract(FOLDER / name / CONTRACT), landing.land, cleaning.clean)
