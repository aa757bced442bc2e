"""One month through gates, RAW, CLEAN and CURATED from a cold process: ours against tuned PySpark with delta-spark."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import yards
from figures import Figure, Sample, Skipped, compared, medians
from lakes import report_of, same_rows, same_verdicts, same_versions
from processes import Ended, environment, run, say
from spark_jars import NoSparkError, delta_jars, java
from spark_session import TUNED

NAME = "month-vs-spark"
GOAL = 8.0
WHAT = (
    "one month of flights and weather through gates, RAW, CLEAN and CURATED from a cold process: "
    "modelyard data run, against PySpark and delta-spark on local[2]"
)


def measure(work: Path, *, runs: int) -> Figure | Skipped:
    """The figure, with rows, commits and verdicts of both sides compared after every pair."""
    env = environment(SPARK_LOCAL_IP="127.0.0.1", SPARK_LOCAL_HOSTNAME="localhost")
    try:
        java()
        import pyspark  # type: ignore[import-not-found, unused-ignore]
    except (NoSparkError, ImportError) as error:
        return Skipped(
            NAME, str(error) if isinstance(error, NoSparkError) else "PySpark is not installed: use make bench"
        )
    try:
        jars = delta_jars(env)
    except NoSparkError as error:
        return Skipped(NAME, str(error))
    base = yards.prepare(work / "base")
    ours: list[Sample] = []
    peer: list[Sample] = []
    facts: dict[str, Any] = {"Spark": pyspark.__version__, "Spark settings": TUNED}
    for pair in range(runs + 1):
        own, other = base.copy(work / "ours"), base.copy(work / "peer")
        ended = own.run("data", "run", yards.PURPOSE, "--month", yards.MONTH, "--format", "json")
        spark = run(_spark(other, jars, work / "spark"), env=env)
        facts |= _checked(own, other, spark)
        say(f"  pair {pair}: ours {ended.sample.seconds:.2f} s, Spark {spark.sample.seconds:.2f} s")
        if pair:  # the first pair warms the disk cache and compiled modules
            ours.append(ended.sample)
            peer.append(Sample(spark.sample.seconds, spark.sample.peak_mb, _answer(spark)["parts"]))
        for folder in (own.state, other.state, work / "spark"):
            shutil.rmtree(folder)
    facts["ours, peak MiB"] = round(max(one.peak_mb for one in ours))
    facts["Spark, peak MiB"] = round(max(one.peak_mb for one in peer))
    parts = {f"Spark: {name}": seconds for name, seconds in medians(peer).items()}
    return compared(NAME, WHAT, ours, peer, goal=GOAL, better="higher", parts=parts, facts=facts)


def _spark(yard: yards.Yard, jars: list[Path], scratch: Path) -> list[str]:
    scratch.mkdir(parents=True)
    words = ["--lake", str(yard.lake), "--month", yards.MONTH, "--work", str(scratch)]
    for jar in jars:
        words += ["--jar", str(jar)]
    return [sys.executable, "-W", "ignore", str(Path(__file__).with_name("spark_month.py")), *words]


def _checked(own: yards.Yard, other: yards.Yard, spark: Ended) -> dict[str, Any]:
    """What was equal on both sides; raises where something was not."""
    rows = same_rows(own.lake, other.lake, yards.TABLES)
    same_versions(own.lake, other.lake, yards.TABLES)
    checks = _answer(spark)["checks"]
    judged = 0
    for source in yards.SOURCES:
        digest = _digest(own, source)
        judged += same_verdicts(report_of(own.lake, source, digest)["checks"], checks[source])
    return {"rows": rows, "equal verdicts": judged}


def _digest(yard: yards.Yard, source: str) -> str:
    import hashlib

    return hashlib.sha256(yard.file(source, yards.MONTH).read_bytes()).hexdigest()


def _answer(ended: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ended.out.splitlines()[-1])
    return found
