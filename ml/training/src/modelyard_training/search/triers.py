"""Where trials run: in this process, or in others that map the same rows into their memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from modelyard.models.spec import ModelSpec
from modelyard_training.search.folds import Fold, Ground
from modelyard_training.search.trying import Outcome, Task, try_parameters
from modelyard_training.search.workers import Lost, Workers

if TYPE_CHECKING:
    import polars as pl

Declared = Callable[[], ModelSpec]
"""Finds the declaration again in another process; picklable."""


class Trier(Protocol):
    """Tries tasks."""

    def __call__(self, tasks: Sequence[Task], *, until: float, surely: int) -> Iterator[tuple[int, Outcome]]:
        """Each task's place and outcome, as they end.

        Args:
            tasks: What is to be tried.
            until: No task begins after this time (monotonic) ...
            surely: ... but the first so many begin at any rate.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How a search is run. None of it changes what is found."""

    workers: int = 0
    """In how many processes trials run; 0 tries them here, where nothing can stop one that hangs."""
    declared: Declared | None = None
    """Finds the declaration in a worker's process; needed for workers."""
    journals: Path | None = None
    """The folder where trials are kept until the training is."""
    source: str = ""
    """Digest of the code and data that are searched over: a journal of another search is not read."""

    @property
    def journal(self) -> Path | None:
        """The file with the trials of this search."""
        return self.journals / f"{self.source[:16] or 'search'}.jsonl" if self.journals else None


@contextmanager
def trier_of(spec: ModelSpec, ground: Ground, *, seed: int, means: Means) -> Iterator[Trier]:
    """Tries here, or in processes that live as long as the search."""
    if not means.workers or means.declared is None:
        yield partial(_here, spec, ground, seed)
        return
    with TemporaryDirectory(prefix="modelyard-search-") as folder:
        file = Path(folder) / "rows.arrow"
        ground.frame.rechunk().write_ipc(file, compression="uncompressed")
        workshop = partial(open_workshop, means.declared, file, ground.folds, seed)
        with Workers(means.workers, workshop, seconds=spec.search.trial_seconds) as workers:
            yield partial(_there, workers)


def _here(
    spec: ModelSpec, ground: Ground, seed: int, tasks: Sequence[Task], *, until: float, surely: int
) -> Iterator[tuple[int, Outcome]]:
    for place, task in enumerate(tasks):
        if place >= surely and time.monotonic() >= until:
            return
        yield place, try_parameters(spec, ground, task, seed=seed)


def _there(workers: Workers, tasks: Sequence[Task], *, until: float, surely: int) -> Iterator[tuple[int, Outcome]]:
    for place, answer in workers.answers(tasks, until=until, surely=surely):
        yield place, Outcome((), answer.seconds, answer.why) if isinstance(answer, Lost) else answer


def open_workshop(declared: Declared, file: Path, folds: tuple[Fold, ...], seed: int) -> Callable[[Task], Outcome]:
    """What a worker does first: find the declaration, and map the rows into its memory."""
    return partial(try_parameters, declared(), Ground(mapped_rows(file), folds), seed=seed)


def mapped_rows(file: Path) -> pl.DataFrame:
    """The rows of an uncompressed Arrow file, mapped into memory: every process shares the same pages."""
    import polars as pl
    import pyarrow as pa  # type: ignore[import-untyped, unused-ignore]

    found = pl.from_arrow(pa.ipc.open_file(pa.memory_map(str(file))).read_all())
    assert isinstance(found, pl.DataFrame)
    return found
