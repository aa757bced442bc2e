"""Batch scoring: what the production version says of every CURATED row of its purpose, in a table of its own.

Rows are scored in partitions: a batch of CURATED, cut into pieces of at most so many rows. Each piece is one Delta
commit with a transaction of its own, so that a run that was killed is finished by running it again, and no row is
scored twice. A new version scores what no version has scored yet; with `everything` it scores all rows once more, and
what other versions said of them stays beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import narwhals as nw

from modelyard.composition import Platform
from modelyard.errors import NoProductionModelError, PurposeNotFoundError, TableNotFoundError
from modelyard.lake.engine import Frame
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Layer, Table
from modelyard.lake.locks import PATIENCE_SECONDS, writing
from modelyard.models.discovery import find_model
from modelyard.models.spec import ModelSpec
from modelyard.models.storage import open_model
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.scored_rows import Scorer
from modelyard_pipelines.purposes.catalog import find_purpose

if TYPE_CHECKING:
    import polars as pl

Note = Callable[[str], None]
PIECE_COLUMN = "_piece"
PIECE_ROWS = 100_000
"""Rows of one commit: enough to be quick, few enough to fit into memory and to be done again after a kill."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a run did."""

    model: str
    version: int
    digest: str
    table: str
    data: str
    """What was scored: the table of the purpose, at its Delta version."""
    pieces: int
    """Partitions that this run wrote."""
    known: int
    """Partitions that were there already."""
    rows: int
    """Rows that this run scored."""
    gaps: int
    """Of these, rows that lack what the model needs: their score is null, and `problem` says why."""

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Piece:
    """A partition: some rows of one batch."""

    batch: str
    number: int
    """Within the batch, from 0."""

    def __str__(self) -> str:
        return f"{self.batch}:{self.number}"


def scores_table(model: str) -> Table:
    """Where a model's scores are kept."""
    return Table(Layer.CURATED, f"scores_{model}")


def score(
    platform: Platform,
    name: str,
    *,
    everything: bool = False,
    piece_rows: int = PIECE_ROWS,
    patience: float = PATIENCE_SECONDS,
    note: Note,
) -> Scoring:
    """Scores what is new with the version in production.

    Args:
        platform: The environment.
        name: The model.
        everything: Score also what other versions have scored.
        piece_rows: The most rows of one commit. It belongs to the name of a piece: with another number, batches that
            are half done are not recognised, so it stays as it is.
        patience: Seconds to wait for another scoring of the same model.
        note: Told what is done next.

    Raises:
        NoProductionModelError: nobody has promoted a version yet.
        InvalidModelError: its files are not those that were registered; nothing was loaded.
        TableNotFoundError: its purpose was not curated yet.
        LakeBusyError: another scoring of this model is under way.
    """
    spec = find_model(platform.workspace, name)
    version = platform.registry().production(name)
    if version is None:
        raise NoProductionModelError(
            f"{name} has no production version, so nothing can be scored",
            hint=f'modelyard model promote {name} --by "YOUR NAME" --reason "WHY"',
        )
    data = _newest(platform, spec)
    with writing(platform.locks, f"scores-{name}", patience=patience, waiting=note):
        pieces = _Pieces(platform, data, piece_rows)
        done = _done(platform, scores_table(name), version.version if everything else None)
        wanted = list(pieces)
        new = [piece for piece in wanted if piece not in done]
        written = list(_written(platform, spec, version, pieces, new, note=note))
    return Scoring(
        model=name,
        version=version.version,
        digest=version.digest,
        table=str(scores_table(name)),
        data=str(data),
        pieces=len(written),
        known=len(wanted) - len(written),
        rows=sum(frame.height for frame in written),
        gaps=sum(frame.get_column("_score").null_count() for frame in written),
    )


def _written(
    platform: Platform, spec: ModelSpec, version: ModelVersion, pieces: _Pieces, new: Sequence[Piece], *, note: Note
) -> Iterator[pl.DataFrame]:
    """Scores one partition after the other; where there is none, the model is not even loaded."""
    if not new:
        return
    scorer = _scorer(platform, spec, version, pieces.data)
    metadata = {"modelyard.model": f"{version.model}@{version.version}", "modelyard.input": str(pieces.data)}
    for place, piece in enumerate(new, start=1):
        note(f"partition {place} of {len(new)}")
        scored = _scored(scorer, piece, pieces.rows(piece))
        transaction = f"{piece} by {version.version} {version.digest}"
        frame = nw.from_native(scored.lazy())
        if platform.engine.append(scores_table(version.model), frame, transaction=transaction, metadata=metadata).fresh:
            yield scored.select("_score")


def _scorer(platform: Platform, spec: ModelSpec, version: ModelVersion, data: DataVersion) -> Scorer:
    """The version, opened. Its digest is checked before anything of it is loaded."""
    with TemporaryDirectory(prefix="modelyard-") as folder:
        place = platform.registry().download(version.model, version.version, Path(folder) / "version")
        return Scorer(
            version=version,
            model=open_model(place, digest=version.digest),
            output=spec.output,
            kept=_kept(platform, spec, data),
            data_version=data.version,
        )


class _Pieces:
    """The partitions of one version of a table, in an order that every run finds again."""

    def __init__(self, platform: Platform, data: DataVersion, most: int) -> None:
        self.data = data
        self._platform, self._most = platform, most
        self._open: tuple[str, pl.DataFrame] | None = None

    def __iter__(self) -> Iterator[Piece]:
        counts = self._scan().group_by(BATCH_COLUMN).agg(nw.len().alias("rows")).collect().to_polars()
        for batch, rows in counts.sort(BATCH_COLUMN).iter_rows():
            yield from (Piece(batch, number) for number in range(-(-rows // self._most)))

    def rows(self, piece: Piece) -> pl.DataFrame:
        """The rows of a partition. A batch is read once, and its rows have the same order in every run."""
        if self._open is None or self._open[0] != piece.batch:
            read: pl.DataFrame = self._scan([piece.batch]).collect().to_polars()
            self._open = piece.batch, read.sort(read.columns)
        return self._open[1].slice(piece.number * self._most, self._most)

    def _scan(self, batches: Sequence[str] | None = None) -> Frame:
        return self._platform.engine.scan(self.data.table, version=self.data.version, batches=batches)


def _scored(scorer: Scorer, piece: Piece, rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    at = datetime.now(UTC).isoformat(timespec="seconds")
    return scorer.score(rows, at=at).with_columns(
        pl.lit(piece.batch).alias(BATCH_COLUMN), pl.lit(piece.number, pl.Int64).alias(PIECE_COLUMN)
    )


def _done(platform: Platform, table: Table, version: int | None) -> set[Piece]:
    """The partitions that are scored: by this version, or by any if none is given."""
    if platform.engine.version(table) is None:
        return set()
    held = platform.engine.scan(table)
    mine = held if version is None else held.filter(nw.col("_model_version") == version)
    return {Piece(*one) for one in mine.select(BATCH_COLUMN, PIECE_COLUMN).unique().collect().iter_rows()}


def _newest(platform: Platform, spec: ModelSpec) -> DataVersion:
    """The version that is scored, pinned before anything is read."""
    table = Table(Layer.CURATED, spec.purpose)
    newest = platform.engine.version(table)
    if newest is None:
        raise TableNotFoundError(f"{table} does not exist yet", hint=f"modelyard data curate {spec.purpose}")
    return newest


def _kept(platform: Platform, spec: ModelSpec, data: DataVersion) -> tuple[str, ...]:
    """The columns that name a row: the purpose's key and the split's columns; without a key the features too."""
    try:
        key = find_purpose(spec.purpose, platform.workspace).key
    except PurposeNotFoundError:
        key = ()
    held = platform.engine.scan(data.table, version=data.version).collect_schema().names()
    wanted = dict.fromkeys((*key, *spec.split.columns, *(() if key else spec.feature_names)))
    return tuple(column for column in wanted if column in held)
