"""A real year of batches, judged once per session, and a way to offer corrupted ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from modelyard.gates.history import AcceptedBatch
from modelyard.gates.judge import Judgement, judge
from modelyard.gates.rules.compiled import CompiledEngine
from modelyard_pipelines.sources.catalog import Source, contracted_names, find_source, source_names

MONTHS = tuple(f"2013-{month:02d}" for month in range(1, 13))
BASE = "2013-07"
"""The month that is corrupted; the months before it are stored."""


@dataclass
class Shelf:
    """What is stored of one source, and the judgements it was stored by."""

    source: Source
    files: dict[str, Path] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    history: list[AcceptedBatch] = field(default_factory=list)

    def before(self, month: str) -> list[AcceptedBatch]:
        """The stored batches before `month`; all of them for a snapshot."""
        return [batch for batch in self.history if batch.period is None or batch.period < month]

    def keys_before(self, month: str) -> pl.DataFrame:
        key = list(self.source.contract.key)
        chosen = [judged.frame for name, judged in self.judgements.items() if name < month or not self.source.monthly]
        return pl.concat([frame.select(key) for frame in chosen if frame is not None])

    def texts(self, month: str = BASE) -> pl.DataFrame:
        """The month's file as texts."""
        return pl.read_csv(self.files[month if self.source.monthly else MONTHS[0]], infer_schema=False)

    def offer(self, path: Path, month: str = BASE) -> Judgement:
        """Judge a file as if it came in `month`."""
        return judge(
            path,
            self.source.contract,
            history=self.before(month),
            stored_keys=lambda: self.keys_before(month),
            rules=CompiledEngine(),
        )


def stored_batch(path: Path, judged: Judgement) -> AcceptedBatch:
    """What is kept of an accepted batch."""
    assert judged.profile is not None
    assert judged.report.rows is not None
    return AcceptedBatch(
        digest=judged.digest,
        content=judged.content,
        file=path.name,
        rows=judged.report.rows,
        period=judged.period,
        accepted_at=datetime(2014, 1, 1, tzinfo=UTC),
        profile=judged.profile,
    )


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shelf]:
    """Every source, landed and judged month by month in natural order."""
    folder = tmp_path_factory.mktemp("year")
    shelves: dict[str, Shelf] = {}
    for name in sorted(set(source_names()) - set(contracted_names())):
        shelf = Shelf(find_source(name))
        for month in MONTHS if shelf.source.monthly else MONTHS[:1]:
            path = shelf.source.land(month, folder / name, cache=folder / "cache")
            judged = shelf.offer(path, month)
            shelf.files[month], shelf.judgements[month] = path, judged
            shelf.history.append(stored_batch(path, judged))
        shelves[name] = shelf
    return shelves


@pytest.fixture
def offer_texts(year: dict[str, Shelf], tmp_path: Path) -> Callable[..., Judgement]:
    """Change a month's table of texts, write it as CSV, and have it judged."""

    def offer(source: str, change: Callable[[pl.DataFrame], pl.DataFrame], month: str = BASE) -> Judgement:
        path = tmp_path / f"{source}-{month}.csv"
        change(year[source].texts(month)).write_csv(path, null_value="NA")
        return year[source].offer(path, month)

    return offer


@pytest.fixture
def offer_bytes(year: dict[str, Shelf], tmp_path: Path) -> Callable[..., Judgement]:
    """Change a month's bytes and have them judged."""

    def offer(source: str, change: Callable[[bytes], bytes], month: str = BASE, *, name: str = "") -> Judgement:
        path = tmp_path / (name or f"{source}-{month}.csv")
        path.write_bytes(change(year[source].files[month if year[source].source.monthly else MONTHS[0]].read_bytes()))
        return year[source].offer(path, month)

    return offer
