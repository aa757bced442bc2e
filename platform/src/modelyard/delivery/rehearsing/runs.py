"""Where rehearsals are kept: one numbered folder each, the yards they share, and locks that keep two runs apart.

<home>/1/            run.json, checkout/, artifacts/NAME, tests/, logs/STAGE/JOB/NN-step.log, comments/, summary.md
<home>/yards/NAME    the state of one environment that plays another; kept between runs
<home>/caches/KEY    what Cache@2 kept
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from modelyard.errors import ConfigurationError, StackBusyError


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def number(self) -> int:
        """The number of the run."""
        return int(self.path.name)

    @property
    def checkout(self) -> Path:
        """The clean checkout that steps work in."""
        return self.path / "checkout"

    @property
    def agent(self) -> Path:
        """What an agent has beside its sources; emptied between agents."""
        return self.path / "agent"

    @property
    def artifacts(self) -> Path:
        """One folder for each pipeline artifact."""
        return self.path / "artifacts"

    @property
    def tests(self) -> Path:
        """Published test results."""
        return self.path / "tests"

    @property
    def comments(self) -> Path:
        """What was said on pull requests."""
        return self.path / "comments"

    def logs(self, stage: str, job: str) -> Path:
        """The logs of one job."""
        return self.path / "logs" / stage / job


@dataclass(frozen=True, slots=True)
class Runs:
    """All rehearsals of one workspace."""

    home: Path

    @property
    def yards(self) -> Path:
        """The states of the environments that play others."""
        return self.home / "yards"

    @property
    def caches(self) -> Path:
        """What Cache@2 kept."""
        return self.home / "caches"

    def begin(self) -> RunFolder:
        """A new folder with the next number; two that begin at once get two numbers."""
        self.home.mkdir(parents=True, exist_ok=True)
        number = max((folder.number for folder in self.all()), default=0)
        while True:
            number += 1
            try:
                (self.home / str(number)).mkdir()
            except FileExistsError:
                continue
            return RunFolder(self.home / str(number))

    def all(self) -> list[RunFolder]:
        """Every run, oldest first."""
        found = self.home.iterdir() if self.home.is_dir() else iter(())
        folders = [RunFolder(path) for path in found if path.name.isdecimal() and path.is_dir()]
        return sorted(folders, key=lambda folder: folder.number)

    def find(self, number: int) -> RunFolder:
        """The run with this number.

        Raises:
            ConfigurationError: there is none.
        """
        folder = RunFolder(self.home / str(number))
        if not folder.path.is_dir():
            known = ", ".join(str(one.number) for one in self.all()) or "none"
            raise ConfigurationError(
                f"there is no rehearsal {number} in {self.home}; there are: {known}",
                hint="begin a new one: modelyard ci rehearse FILE",
            )
        return folder

    @contextmanager
    def held(self, folder: RunFolder) -> Iterator[None]:
        """Keeps a run for this process.

        Raises:
            StackBusyError: another process works on it.
        """
        with _locked(folder.path.with_name(f".{folder.path.name}.lock"), f"rehearsal {folder.number} is under way"):
            yield

    @contextmanager
    def yards_held(self) -> Iterator[None]:
        """Keeps the yards for this process: two rehearsals would deploy over each other.

        Raises:
            StackBusyError: another rehearsal uses them.
        """
        self.yards.mkdir(parents=True, exist_ok=True)
        with _locked(self.home / ".yards.lock", f"another rehearsal uses the yards in {self.yards}"):
            yield

    def clean(self) -> list[int]:
        """Removes every run that is not under way, and the caches; returns the numbers."""
        removed = []
        for folder in self.all():
            try:
                with self.held(folder):
                    shutil.rmtree(folder.path)
            except StackBusyError:
                continue
            folder.path.with_name(f".{folder.path.name}.lock").unlink(missing_ok=True)
            removed.append(folder.number)
        shutil.rmtree(self.caches, ignore_errors=True)
        return removed


@contextmanager
def _locked(file: Path, busy: str) -> Iterator[None]:
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StackBusyError(busy, hint="wait until it has ended, then run the same command again") from None
    try:
        yield
    finally:
        lock.release()
