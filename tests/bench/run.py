"""`make bench`: the project's figures, side by side with their peers, as JSON and as a table.

Everything happens in a temporary folder with a state of its own; nothing is left running. The figures are also kept
in `.modelyard/bench/figures.json`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from figures import Figure, Skipped, table
from lakes import DifferentOutcomeError
from machine import machine
from processes import ROOT, RunFailedError, say

KEPT = ROOT / ".modelyard" / "bench" / "figures.json"
RUNS = {"clone-to-prediction": 3, "month-vs-spark": 5, "overhead-vs-bare": 7, "graphs-vs-preview": 3}
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
            figures += _measures(wanted)[name](work)
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
    parser.add_argument("--cold", action="store_true", help="clone-to-prediction without any cache: it downloads a lot")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument("--output", type=Path, help="where else to keep the figures, as JSON")
    return parser


def _measures(wanted: argparse.Namespace) -> dict[str, Callable[[Path], Figures]]:
    def runs(name: str) -> int:
        return wanted.runs or RUNS[name]

    def clone(work: Path) -> Figures:
        import clone_to_prediction

        return clone_to_prediction.measure(work, cold=wanted.cold, again=runs("clone-to-prediction"))

    def spark(work: Path) -> Figures:
        import month_vs_spark

        return [month_vs_spark.measure(work, runs=runs("month-vs-spark"))]

    def bare(work: Path) -> Figures:
        import overhead_vs_bare

        return overhead_vs_bare.measure(work, runs=runs("overhead-vs-bare"))

    def graphs(work: Path) -> Figures:
        import graphs_vs_preview

        return graphs_vs_preview.measure(work, runs=runs("graphs-vs-preview"))

    return {
        "clone-to-prediction": clone,
        "month-vs-spark": spark,
        "overhead-vs-bare": bare,
        "graphs-vs-preview": graphs,
    }


if __name__ == "__main__":
    sys.exit(main())
