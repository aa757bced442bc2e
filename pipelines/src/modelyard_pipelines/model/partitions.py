"""The partitions that are scored: a batch of CURATED, cut into pieces of at most so many rows.

A piece is named by its batch, by what the batch holds, and by its number in it. So a table that was built again is
recognised where its rows are the same, and scored again where they are not, whatever its batches are called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelyard.gates.identity import content_digest
from modelyard.lake.engine import Engine
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Layer, Table, short

if TYPE_CHECKING:
    import polars as pl

SCORES = "scores_"
"""How the names of tables with scores begin; the model's name follows."""
CONTENT_COLUMN = "_content"
"""In a table of scores: the short digest of all rows of the batch, as they were when this row was scored."""
PIECE_COLUMN = "_piece"
REPLACES_KEY = "modelyard.replaces"
"""What a commit says that replaced the scores of a batch: its name."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A partition: some rows of one batch."""

    batch: str
    content: str
    """What the batch holds."""
    number: int
    """Within the batch, from 0."""

    def __str__(self) -> str:
        return f"{self.batch}:{self.number} {self.content}"


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, read whole. Its rows have the same order in every run."""

    name: str
    content: str
    rows: pl.DataFrame
    most: int
    """Rows of a piece."""

    @property
    def height(self) -> int:
        """How many rows it has."""
        return self.rows.height

    def pieces(self) -> Sequence[Piece]:
        """Its pieces, in order."""
        return [Piece(self.name, self.content, number) for number in range(-(-self.height // self.most))]

    def of(self, piece: Piece) -> pl.DataFrame:
        """The rows of one of its pieces."""
        return self.rows.slice(piece.number * self.most, self.most)


@dataclass(frozen=True, slots=True)
class Held:
    """What a table of scores holds."""

    pieces: frozenset[Piece]
    """That need not be scored."""
    contents: frozenset[tuple[str, str]]
    """Batches, and what they held when a version scored them."""
    replacements: Mapping[str, int]
    """How often a batch's scores have given way so far."""

    def outdated(self, batch: Batch) -> bool:
        """Whether there are scores of rows that this batch has no longer in this way."""
        return any(name == batch.name and content != batch.content for name, content in self.contents)


def scores_table(model: str) -> Table:
    """Where a model's scores are kept."""
    return Table(Layer.CURATED, f"{SCORES}{model}")


def batch_names(engine: Engine, data: DataVersion) -> Sequence[str]:
    """The batches of one version of a table, in an order that every run finds again."""
    found = engine.scan(data.table, version=data.version).select(BATCH_COLUMN).unique().collect()
    return sorted(found.get_column(BATCH_COLUMN).to_list())


def read_batch(engine: Engine, data: DataVersion, name: str, *, most: int) -> Batch:
    """One batch of one version of a table, to be cut into pieces of at most `most` rows."""
    read: pl.DataFrame = engine.scan(data.table, version=data.version, batches=[name]).collect().to_polars()
    columns = sorted(read.columns)
    rows = read.select(columns).sort(columns)
    return Batch(name, short(content_digest(rows.drop(BATCH_COLUMN))), rows, most)


def held_scores(engine: Engine, table: Table, version: int | None) -> Held:
    """What is scored: by this version, or by any if none is given. Outdated is what any version has scored."""
    if engine.version(table) is None:
        return Held(frozenset(), frozenset(), {})
    what = engine.scan(table).select(BATCH_COLUMN, CONTENT_COLUMN, PIECE_COLUMN, "_model_version").unique().collect()
    lines = list(what.iter_rows())
    return Held(
        pieces=frozenset(Piece(*place) for *place, by in lines if version in (None, by)),
        contents=frozenset((batch, content) for batch, content, _, _ in lines),
        replacements=Counter(one.metadata.get(REPLACES_KEY, "") for one in engine.history(table)),
    )
