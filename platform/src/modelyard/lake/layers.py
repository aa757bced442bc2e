"""The words of the lake: layers, tables and data versions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

BATCH_COLUMN = "_batch"
"""In every table: the short digest of the batch that a row came from."""
SHORT_DIGEST = 16
"""Hexadecimal digits of a batch's digest that name it in tables, folders and messages."""


class Layer(StrEnum):
    """A checkpoint of data versions."""

    RAW = "RAW"
    """What came, as it came."""
    CLEAN = "CLEAN"
    """Names and types cast, personal data dropped or hashed; ready for any purpose."""
    CURATED = "CURATED"
    """Joined for one purpose."""


@dataclass(frozen=True, slots=True)
class Table:
    """A Delta table: a layer, and the source (RAW, CLEAN) or the purpose (CURATED) that it holds."""

    layer: Layer
    name: str

    @property
    def path(self) -> str:
        """Where the table lies below the lake's root."""
        return f"{self.layer}/{self.name}"

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class DataVersion:
    """One version of one table: a Delta version, which can be read again for as long as it is kept."""

    table: Table
    version: int

    def __str__(self) -> str:
        return f"{self.table}@{self.version}"


def short(digest: str) -> str:
    """The part of a batch's digest that names it."""
    return digest[:SHORT_DIGEST]
