"""Delta's jars for Spark: resolved once, checked against pinned digests, kept in the user's cache.

Spark's own resolver fetches them. Its answer holds some thirty jars that Spark ships already; only the two that
Spark lacks are kept, so that a measured start pays neither the resolver nor a longer class path.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0"
PINNED = {
    "io.delta_delta-spark_4.2_2.13-4.4.0.jar": "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead",
    "io.delta_delta-storage-4.4.0.jar": "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc",
}
RESOLVE = """
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.jars.packages", {package!r}).config("spark.jars.ivy", {folder!r})
builder.getOrCreate().stop()
"""
LIMIT_SECONDS = 300


class NoSparkError(Exception):
    """One sentence: why Spark with Delta cannot run here."""


def java() -> str:
    """The Java that Spark will use.

    Raises:
        NoSparkError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise NoSparkError("Java 17 or newer is not on PATH; install it to measure against Spark")
    return found


def delta_jars(env: dict[str, str]) -> list[Path]:
    """Delta's jars, from the cache or resolved now.

    Raises:
        NoSparkError: they are not cached and cannot be resolved, or are not the pinned ones.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modelyard" / "bench" / "delta-4.4.0"
    wanted = [cache / name for name in PINNED]
    if not all(path.is_file() and _digest(path) == PINNED[path.name] for path in wanted):
        _resolve(cache, env)
    return wanted


def _resolve(cache: Path, env: dict[str, str]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="modelyard-jars-") as folder:
        script = RESOLVE.format(package=PACKAGE, folder=folder)
        try:
            subprocess.run(
                [sys.executable, "-W", "ignore", "-c", script],
                env=env,
                capture_output=True,
                timeout=LIMIT_SECONDS,
                check=True,
            )
        except (subprocess.SubprocessError, OSError):
            raise NoSparkError(
                f"{PACKAGE} could not be resolved from Maven Central; is the network reachable?"
            ) from None
        for name, pinned in PINNED.items():
            found = Path(folder) / "jars" / name
            if not found.is_file() or _digest(found) != pinned:
                raise NoSparkError(f"the resolver's {name} is missing or not the pinned one")
            partial = cache / f".{name}"
            shutil.copyfile(found, partial)
            partial.replace(cache / name)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
