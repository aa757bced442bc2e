"""What our ingest costs over bare Polars and delta-rs doing the same writes: gates, locks, batch log, lineage."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yards
from figures import Figure, Sample, compared, medians
from lakes import same_rows, same_versions
from processes import ROOT, environment, run, say

HERE = Path(__file__).parent
GOAL = 1.5
COLD = (
    "one month of flights and weather to RAW, CLEAN and CURATED from a cold process: "
    "modelyard data run, against a script without gates"
)
WARM = "the same month inside one warm process, both sides in turn"


def measure(work: Path, *, runs: int) -> list[Figure]:
    """Both figures, with outputs compared after every pair."""
    base = yards.prepare(work / "base")
    columns = work / "columns.json"
    columns.write_text(json.dumps(_columns()), encoding="utf-8")
    cold = _cold(base, work, columns, runs)
    return [cold, _warm(base, work, columns, runs)]


def _columns() -> dict[str, list[dict[str, str]]]:
    """The types that a programmer would have written into the bare script by hand."""
    from modelyard_pipelines.sources.catalog import find_source

    return {
        name: [
            {"name": column.name, "physical": column.physical, "clean": column.clean}
            for column in find_source(name).contract.columns
        ]
        for name in yards.SOURCES
    }


def _cold(base: yards.Yard, work: Path, columns: Path, runs: int) -> Figure:
    ours: list[Sample] = []
    bare: list[Sample] = []
    rows: dict[str, int] = {}
    for pair in range(runs + 1):
        own, other = base.copy(work / f"cold-{pair}-ours"), base.copy(work / f"cold-{pair}-bare")
        ended = own.run("data", "run", yards.PURPOSE, "--month", yards.MONTH, "--format", "json")
        plain = run(_bare(other, columns), env=environment())
        rows = same_rows(own.lake, other.lake, yards.TABLES)
        same_versions(own.lake, other.lake, yards.TABLES)
        say(f"  pair {pair}: ours {ended.sample.seconds:.2f} s, bare {plain.sample.seconds:.2f} s")
        if pair:  # the first pair warms the disk cache and compiled modules
            parts = {one["step"]: float(one["seconds"]) for one in json.loads(ended.out)}
            rest = ended.sample.seconds - sum(parts.values())
            ours.append(Sample(ended.sample.seconds, ended.sample.peak_mb, {"start, imports, exit": rest, **parts}))
            bare.append(plain.sample)
    memory = {
        "ours, peak MiB": round(max(one.peak_mb for one in ours)),
        "bare, peak MiB": round(max(one.peak_mb for one in bare)),
    }
    facts = {"rows": rows, **memory}
    return compared(
        "overhead-vs-bare-cold", COLD, ours, bare, goal=GOAL, better="lower", parts=medians(ours), facts=facts
    )


def _bare(yard: yards.Yard, columns: Path) -> list[str]:
    words = ["--lake", str(yard.lake), "--month", yards.MONTH, "--columns", str(columns)]
    return [sys.executable, str(HERE / "bare_month.py"), *words]


def _warm(base: yards.Yard, work: Path, columns: Path, runs: int) -> Figure:
    pairs = [(base.copy(work / f"warm-{pair}-ours"), base.copy(work / f"warm-{pair}-bare")) for pair in range(runs + 1)]
    words = ["--month", yards.MONTH, "--columns", str(columns)]
    for own, other in pairs:
        words += ["--pair", str(own.state), str(other.state)]
    ended = run([sys.executable, str(HERE / "warm_months.py"), *words], env=environment(MODELYARD_ROOT=str(ROOT)))
    seconds = json.loads(ended.out)
    rows: dict[str, int] = {}
    for own, other in pairs:
        rows = same_rows(own.lake, other.lake, yards.TABLES)
    ours, bare = ([Sample(one) for one in seconds[side]] for side in ("ours", "bare"))
    return compared("overhead-vs-bare-warm", WARM, ours, bare, goal=GOAL, better="lower", facts={"rows": rows})
