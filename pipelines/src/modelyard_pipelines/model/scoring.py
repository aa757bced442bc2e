"""Batch scoring: what the production version says of every CURATED row of its purpose, in a table of its own.

Rows are scored in partitions (see `partitions`). Each is one Delta commit with a transaction of its own, so that a run
that was killed is finished by running it again, and no row is scored twice. A new version scores what no version has
scored yet; with `everything` it scores all rows once more, and what other versions said of them stays beside it.

A batch whose rows have changed since is scored again as a whole: in one commit, its new scores take the place of what
any version has said of the rows that are gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import narwhals as nw

from modelyard.composition import Platform
from modelyard.errors import NoProductionModelError, PurposeNotFoundError, TableNotFoundError
from modelyard.lake.engine import Written
from modelyard.lake.layers import BATCH_COLUMN, DataVersion, Layer, Table
from modelyard.lake.locks import PATIENCE_SECONDS, writing
from modelyard.models.discovery import find_model
from modelyard.models.spec import ModelSpec
from modelyard.models.storage import open_model
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.partitions import (
    CONTENT_COLUMN,
    PIECE_COLUMN,
    REPLACES_KEY,
    Batch,
    Held,
    Piece,
    batch_names,
    held_scores,
    read_batch,
    scores_table,
)
from modelyard_pipelines.model.scored_rows import Scorer
from modelyard_pipelines.purposes.catalog import find_purpose

if TYPE_CHECKING:
    import polars as pl

Note = Callable[[str], None]
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
    replaced: int
    """Batches whose rows had changed since they were scored: their old scores have given way."""
    rows: int
    """Rows that this run scored."""
    gaps: int
    """Of these, rows that lack what the model needs: their score is null, and `problem` says why."""

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return asdict(self)


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
    table = scores_table(name)
    with writing(platform.locks, f"scores-{name}", patience=patience, waiting=note):
        held = held_scores(platform.engine, table, version.version if everything else None)
        run = _Run(platform, spec, version, data=data, held=held)
        for place, batch in enumerate(names := batch_names(platform.engine, data), start=1):
            run.score(read_batch(platform.engine, data, batch, most=piece_rows), f"batch {place} of {len(names)}", note)
    return Scoring(
        model=name,
        version=version.version,
        digest=version.digest,
        table=str(table),
        data=str(data),
        pieces=run.pieces,
        known=run.known,
        replaced=run.replaced,
        rows=run.rows,
        gaps=run.gaps,
    )


class _Run:
    """One run: what it scores, and what it counts."""

    def __init__(
        self, platform: Platform, spec: ModelSpec, version: ModelVersion, *, data: DataVersion, held: Held
    ) -> None:
        self.pieces = self.known = self.replaced = self.rows = self.gaps = 0
        self._platform, self._spec, self._version, self._data, self._held = platform, spec, version, data, held
        self._table = scores_table(version.model)
        self._opened: Scorer | None = None

    def score(self, batch: Batch, place: str, note: Note) -> None:
        """Scores what is new of a batch; of one whose rows have changed, everything."""
        if self._held.outdated(batch):
            note(f"{place} has changed since it was scored: {batch.height:,} rows")
            self._replace(batch)
            self.replaced += 1
            return
        new = [piece for piece in batch.pieces() if piece not in self._held.pieces]
        self.known += len(batch.pieces()) - len(new)
        for piece in new:
            note(f"{place}, rows {piece.number * batch.most + 1:,} and on")
            scored = self._scored(piece, batch)
            done = self._platform.engine.append(
                self._table,
                nw.from_native(scored.lazy()),
                transaction=self._transaction(str(piece), batch),
                metadata=self._metadata(batch),
            )
            self._count(scored, 1, done)

    def _replace(self, batch: Batch) -> None:
        import polars as pl

        pieces = batch.pieces()
        scored = pl.concat([self._scored(piece, batch) for piece in pieces])
        done = self._platform.engine.replace(
            self._table,
            nw.from_native(scored.lazy()),
            transaction=self._transaction(f"{batch.name} {batch.content}", batch),
            metadata={**self._metadata(batch), REPLACES_KEY: batch.name},
            batches=[batch.name],
        )
        self._count(scored, len(pieces), done)

    def _scored(self, piece: Piece, batch: Batch) -> pl.DataFrame:
        import polars as pl

        # Where nothing is new, the model is not even loaded.
        self._opened = self._opened or _scorer(self._platform, self._spec, self._version, self._data)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return self._opened.score(batch.of(piece), at=at).with_columns(
            pl.lit(piece.batch).alias(BATCH_COLUMN),
            pl.lit(piece.content).alias(CONTENT_COLUMN),
            pl.lit(piece.number, pl.Int64).alias(PIECE_COLUMN),
        )

    def _transaction(self, what: str, batch: Batch) -> str:
        """Rows may change and change back: each time that a batch gave way, its commits begin anew."""
        times = self._held.replacements.get(batch.name, 0)
        again = f" after {times} replacements" if times else ""
        return f"{what} by {self._version.version} {self._version.digest}{again}"

    def _metadata(self, batch: Batch) -> dict[str, str]:
        return {
            "modelyard.model": f"{self._version.model}@{self._version.version}",
            "modelyard.model.digest": self._version.digest,
            "modelyard.input": str(self._data),
            "modelyard.batch": batch.name,
        }

    def _count(self, scored: pl.DataFrame, pieces: int, done: Written) -> None:
        if done.fresh:
            self.pieces += pieces
            self.rows += scored.height
            self.gaps += scored.get_column("_score").null_count()


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
