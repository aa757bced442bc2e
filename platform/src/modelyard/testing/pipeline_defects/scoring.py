"""How many of the mistakes lint finds, and whether it finds anything where there is none."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.delivery.linting.checking import lint
from modelyard.delivery.linting.findings import Finding
from modelyard.testing.pipeline_defects import gating, running, structure, wording
from modelyard.testing.pipeline_defects.defect import Defect
from modelyard.testing.pipeline_defects.sample import sample_command, write_sample

DEFECTS: tuple[Defect, ...] = (*structure.DEFECTS, *running.DEFECTS, *gating.DEFECTS, *wording.DEFECTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Figures of lint over all mistakes."""

    defects: int
    caught: int
    """By the rule that is meant to, at the right file and line."""
    false_alarms: int
    """Findings on the correct pipeline."""
    seconds: float
    """To lint the correct pipeline once."""
    missed: tuple[str, ...]
    """Names of the mistakes that nobody found where they are."""


def findings_of(defect: Defect, root: Path) -> list[Finding]:
    """What lint says about one mistake, in an empty folder."""
    write_sample(root)
    defect.put_into(root)
    return lint(root, commands=sample_command)


def is_caught(defect: Defect, findings: Sequence[Finding], root: Path) -> bool:
    """Whether the rule that is meant to find it names its file and line."""
    file, line = defect.found_in or defect.file, defect.line(root)
    return any((found.rule, found.place.file, found.place.line) == (defect.rule, file, line) for found in findings)


def score(defects: Sequence[Defect] = DEFECTS, *, say: Callable[[str], None] = lambda _: None) -> Score:
    """Puts each mistake into a pipeline of its own and looks."""
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as home:
        for number, defect in enumerate(defects):
            root = Path(home) / str(number)
            root.mkdir()
            if not is_caught(defect, findings_of(defect, root), root):
                missed.append(defect.name)
            say(defect.name)
        correct = Path(home) / "correct"
        correct.mkdir()
        write_sample(correct)
        begun = time.perf_counter()
        alarms = lint(correct, commands=sample_command)
        seconds = time.perf_counter() - begun
    return Score(
        defects=len(defects),
        caught=len(defects) - len(missed),
        false_alarms=len(alarms),
        seconds=seconds,
        missed=tuple(missed),
    )
