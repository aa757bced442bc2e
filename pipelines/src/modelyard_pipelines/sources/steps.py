"""What a source does with its deliveries: it lands them, and it cleans them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import narwhals as nw


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
