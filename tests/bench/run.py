"""`make bench`: the project's figures, side by side with their peers, as JSON and as a table.

Everything happens in a temporary folder with a state of its own; nothing is left running. The figures are also kept
in `.modelyard/bench/figures.json`.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from figures import Figure, Skipped, table
from lakes import DifferentOutcomeError
from machine import machine
from processes import ROOT, RunFailedError, say

KEPT = ROOT / ".modelyard" / "bench" / "figures.json"
RUNS = {"clone-to-prediction": 3, "month-vs-spark": 5, "overhead-vs-bare": 7, "graphs-vs-preview": 3}
RUNS |= {"bootstrap-vs-sklearn": 3, "false-promotions": 1}
RUNS |= {"many-models": 3, "search": 5}
RUNS |= {"onboarding": 3}
RUNS |= {"pipelines": 5, "rehearsal": 5}
RUNS |= {"serving-vs-mlflow": 5, "serving-p99": 3, "serving-vs-mlserver": 5, "serving-start": 5}
RUNS |= {"serving-swap": 3, "serving-memory": 2, "serving-observability": 8}
MODULES = {name: name.replace("-", "_") for name in RUNS}
MODULES |= {"search": "search_time", "pipelines": "pipelines_vs_schema"}
"""Figure to the module that measures it."""
Figures = Sequence[Figure | Skipped]


def main() -> int:
    """Measures; 0 where everything was measured, 1 where a run failed or two sides did different work."""
    wanted = _arguments().parse_args()
    names = wanted.only or list(RUNS)
    about = machine()
    figures: list[Figure | Skipped] = []
    failed = False
    for name in names:
        say(name)
        work = Path(tempfile.mkdtemp(prefix="modelyard-bench-"))
        try:
            figures += _measure(name, work, wanted)
        except (RunFailedError, DifferentOutcomeError) as error:
            say(f"{name} was not measured: {error}")
            figures.append(Skipped(name, str(error).splitlines()[0]))
            failed = True
        finally:
            shutil.rmtree(work, ignore_errors=True)
    document = json.dumps({"machine": about, "figures": [one.to_json() for one in figures]}, indent=2)
    for file in {KEPT, wanted.output or KEPT}:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document + "\n", encoding="utf-8")
    print(document if wanted.format == "json" else f"{table(figures)}\n\nkept in {wanted.output or KEPT}")
    return int(failed)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(RUNS), help="one figure; may be given several times")
    parser.add_argument("--runs", type=int, help="how many pairs are counted; default: " + str(RUNS))
    parser.add_argument("--seconds", type=float, help="how long a server is asked in each round of a serving figure")
    parser.add_argument("--cold", action="store_true", help="clone-to-prediction without any cache: it downloads a lot")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument("--output", type=Path, help="where else to keep the figures, as JSON")
    return parser


def _measure(name: str, work: Path, wanted: argparse.Namespace) -> Figures:
    """The figures of one module; it is imported only if it is wanted."""
    module, runs = importlib.import_module(MODULES[name]), wanted.runs or RUNS[name]
    if name == "clone-to-prediction":
        found = module.measure(work, cold=wanted.cold, again=runs)
    elif wanted.seconds and "seconds" in inspect.signature(module.measure).parameters:
        found = module.measure(work, runs=runs, seconds=wanted.seconds)
    else:
        found = module.measure(work, runs=runs)
    return [found] if isinstance(found, Figure | Skipped) else list(found)


if __name__ == "__main__":
    sys.exit(main())
