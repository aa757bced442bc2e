"""From a commit to its served prediction: rehearsals of the whole main pipeline, each after a better model.

A clone of its own, with a state of its own, stands for the team's repository. Every commit trains a new version that
must win against the one before, be approved, built, scanned, and go through dev and test to a canary in production.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from figures import Figure, Sample, medians, timed
from lakes import DifferentOutcomeError
from processes import ROOT, RunFailedError, environment, run, say

LIMIT = 600.0
LONGEST_SECONDS = 1800.0
MODEL = "lean_body_mass"
DECLARED = f"ml/models/{MODEL}/model.py"
ENVIRONMENTS = ("dev", "test", "prod")
SETTINGS = {"models": MODEL, "canaryPercent": "50", "suites": "[]"}
LAST, SERVED = "deploy_prod", "A served prediction"
"""The stage that ends a rehearsal, and its step that asks the model API of production."""
LENIENT = {"at_least=0.85": "at_least=-5.0", "at_most=5.0": "at_most=50.0", "at_most=6.0": "at_most=60.0"}
"""The first versions are meant to be poor, so that there is something to gain; only the comparison judges them."""
LINE = "linear_model.LinearRegression("
SPREAD = 8000.0
"""About the summed squares of an athlete's weight, in kg², within one sex: a ridge of this strength halves a slope."""
LEAST_SLOPE, MOST_SLOPE = 0.02, 0.95
"""Share of its slope that the line of the first and of the last commit keeps."""


@dataclass(frozen=True, slots=True)
class Line:
    """A repository, and the environments that play dev, test and prod for it."""

    root: Path

    @property
    def home(self) -> Path:
        """Where its rehearsals are kept."""
        return self.root / ".modelyard" / "rehearsals"

    def git(self, *words: str) -> str:
        """A git command in it."""
        return run(["git", *words], env=environment(), cwd=self.root).out.strip()

    def modelyard(self, *words: str, state: Path | None = None, fail: bool = True) -> str:
        """A `modelyard` command in it, on its own state or on that of one environment."""
        places = {"MODELYARD_ROOT": str(self.root), "MODELYARD_STATE": str(state or self.root / ".modelyard")}
        command = [str(Path(sys.executable).with_name("modelyard")), *words]
        ended = run(command, env=environment(**places), cwd=self.root, limit=LONGEST_SECONDS, fail=fail)
        return ended.out if fail else ended.out + ended.err

    def yard(self, name: str) -> Path:
        """The state of the environment that plays another."""
        return self.home / "yards" / name


@dataclass(slots=True)
class Rehearsals:
    """What came of all commits."""

    served: list[Sample] = field(default_factory=list)
    """From `git commit` to the served prediction, with the stages as parts."""
    whole: list[Sample] = field(default_factory=list)
    """From the command's start of the run to its summary, as run.json has it."""
    refused: int = 0
    """Commits whose version did not win; they are served by nobody and are no sample."""


def measure(work: Path, *, runs: int) -> list[Figure]:
    """Commits, rehearses and asks, `runs` times.

    Raises:
        RunFailedError: a rehearsal failed elsewhere than at the comparison, or no version won at all.
        DifferentOutcomeError: an environment serves something else than the run's release.
    """
    line = _line(work / "line")
    declared = (line.root / DECLARED).read_text(encoding="utf-8")
    found = Rehearsals()
    try:
        for turn, slope in enumerate(_slopes(runs), 1):
            _once(line, _changed(declared, slope), found)
            say(f"  rehearsal {turn} of {runs}: {len(found.served)} served, {found.refused} stopped at the comparison")
    finally:
        line.modelyard("ci", "rehearse", "--forget")
    if not found.served:
        raise RunFailedError("no version won the comparison: nothing was served")
    return _figures(found)


def _line(root: Path) -> Line:
    run(["git", "clone", "--quiet", str(ROOT), str(root)], env=environment())
    line = Line(root)
    line.git("config", "user.name", "Ada")
    line.git("config", "user.email", "ada@example.org")
    return line


def _slopes(runs: int) -> list[float]:
    """Steps that take the same part of the error away, so that each gain shows on forty athletes nobody trained on."""
    lost = np.linspace((1 - LEAST_SLOPE) ** 2, (1 - MOST_SLOPE) ** 2, runs)
    return [float(slope) for slope in 1 - np.sqrt(lost)]


def _changed(declared: str, slope: float) -> str:
    """The declaration with a line that keeps this share of its slope."""
    strength = SPREAD * (1 - slope) / slope
    for old, new in {**LENIENT, LINE: f"linear_model.Ridge(alpha={strength:.1f}, "}.items():
        if old not in declared:
            raise RunFailedError(f"{old!r} is not in {DECLARED}: the benchmark does not know this model")
        declared = declared.replace(old, new)
    return declared


def _once(line: Line, declared: str, found: Rehearsals) -> None:
    """One commit and its rehearsal."""
    (line.root / DECLARED).write_text(declared, encoding="utf-8")
    begun = time.time()
    line.git("commit", "--quiet", "--all", "--message", "another slope")
    chosen = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    words = ("azure-pipelines.yml", "--env", "local", "--approve", "--keep", *chosen)
    said = line.modelyard("ci", "rehearse", *words, fail=False)
    folder, record = _latest(line, said)
    results = {stage["name"]: stage["result"] for stage in record["stages"]}
    if results["compare"] == "Failed":
        found.refused += 1
        return
    if record["result"] != "Succeeded":
        raise RunFailedError(f"rehearsal {folder.name} ended as {record['result']}:\n{said[-4000:]}")
    _same_release(line, folder / "artifacts" / f"release-{MODEL}", record["commit"])
    stages = {stage["name"]: stage["seconds"] for stage in record["stages"]}
    found.served.append(Sample(_served_at(folder, record) - begun, parts=stages))
    found.whole.append(Sample(record["seconds"], parts=stages))


def _latest(line: Line, said: str) -> tuple[Path, Any]:
    """The folder and the record of the rehearsal of the last commit."""
    files = sorted(line.home.glob("*/run.json"), key=lambda file: int(file.parent.name))
    record = json.loads(files[-1].read_bytes()) if files else {}
    if record.get("commit") != line.git("rev-parse", "HEAD"):
        raise RunFailedError(f"the rehearsal did not begin:\n{said[-4000:]}")
    return files[-1].parent, record


def _served_at(folder: Path, record: Mapping[str, Any]) -> float:
    """When production answered in the last step of its deployment: the last line of that step's log."""
    last = record["stages"][-1]
    steps = [step for job in last["jobs"] for step in job["steps"] if step["label"] == SERVED]
    if last["name"] != LAST or [step["result"] for step in steps] != ["Succeeded"]:
        raise RunFailedError(f"rehearsal {folder.name} does not end with {SERVED!r} in {LAST}")
    log: Path = folder / steps[0]["log"]
    return log.stat().st_mtime


def _same_release(line: Line, release: Path, commit: str) -> None:
    """Every environment serves the version that this run has built from this commit."""
    made = json.loads((release / "release.json").read_bytes())
    built = json.loads((release / "bundle" / "manifest.json").read_bytes())
    if made["commit"] != commit or made["digest"] != built["digest"]:
        raise DifferentOutcomeError(f"the release is of commit {made['commit']}, the run of {commit}")
    wanted = (str(built["version"]), built["digest"])
    for name in ENVIRONMENTS:
        state = line.yard(name)
        pointer = json.loads((state / "local" / "data" / "deployments" / f"{MODEL}.json").read_bytes())
        served = (_answering(line, state), pointer["digest"])
        if served != wanted:
            raise DifferentOutcomeError(f"{name} serves {served}, the release is {wanted}")


def _answering(line: Line, state: Path) -> str:
    """The version that the model API of an environment names in its answers."""
    outputs = json.loads(line.modelyard("infra", "outputs", "local", "--format", "json", state=state))
    address = f"{outputs['connections']['model_api']}/v2/models/{MODEL}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.headers["x-model-version"])


def _figures(found: Rehearsals) -> list[Figure]:
    seconds = [one.seconds for one in found.served]
    later = seconds[1:]
    facts: dict[str, Any] = {
        "p50": f"{statistics.median(seconds):.1f} s",
        "p95": f"{np.percentile(seconds, 95):.1f} s, linear between the runs",
        "the first, which makes the three environments": f"{seconds[0]:.1f} s",
        **({"p50 of those after it": f"{statistics.median(later):.1f} s"} if later else {}),
        "commits whose version lost, not counted": found.refused,
        "compared": "version and digest served in dev, test and prod, with the release of that commit",
        "not run": "the suites of the code (suites=[]); nobody is waited for at an approval",
    }
    what = "git commit of a better model, to the prediction that production serves at the end of its deployment"
    whole = "modelyard ci rehearse azure-pipelines.yml --env local --approve, its thirteen stages one after the other"
    return [
        timed("commit-to-served", what, found.served, limit=LIMIT, facts=facts),
        timed("rehearsal-whole", whole, found.whole, limit=LIMIT, parts=_stages(found.whole)),
    ]


def _stages(samples: Sequence[Sample]) -> dict[str, float]:
    return {f"stage {name}": seconds for name, seconds in medians(samples).items()}
