"""From `git clone` to the first served prediction: what a newcomer waits for, and what a second `make demo` takes.

Every run has a clone and a home of its own. By default downloads come from the caches of whoever measures; `--cold`
takes them away, so that everything is downloaded, and the Pulumi CLI built where it can't be had otherwise.
"""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, Sample, Skipped, timed
from processes import ROOT, Ended, RunFailedError, environment, run, say

FIRST_LIMIT = 300.0
AGAIN_LIMIT = 45.0
LIMIT_SECONDS = 3600.0
SET_UP_PART = re.compile(r"^\s*✓ (?P<what>.+) \((?P<seconds>[\d.]+) s\)$")
COMPILED = re.compile(r"build|compil", re.IGNORECASE)
CACHES = {
    "UV_CACHE_DIR": "uv",
    "PIP_CACHE_DIR": "pip",
    "GOCACHE": "go-build",
    "XDG_CACHE_HOME": "",
}
"""Caches below ~/.cache that a clone with a home of its own may use when it is not measured cold."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A fresh clone with an empty home."""

    folder: Path
    home: Path
    cold: bool

    def make(self, target: str) -> Ended:
        """One `make` target, as a newcomer would type it."""
        return run(["make", target], env=self._environment(), cwd=self.folder, limit=LIMIT_SECONDS)

    def _environment(self) -> dict[str, str]:
        cache = Path.home() / ".cache"
        lent = {} if self.cold else {name: str(cache / folder) for name, folder in CACHES.items()}
        if not self.cold:
            lent["GOPATH"] = os.environ.get("GOPATH") or str(Path.home() / "go")
        env = {key: value for key, value in environment().items() if not key.startswith(("XDG_", "UV_", "VIRTUAL_ENV"))}
        del env["PYTHONPYCACHEPREFIX"]  # a newcomer's Python writes its bytecode where it always does
        return {**env, "HOME": str(self.home), **lent}

    def seconds_by_part(self) -> dict[str, float]:
        """What the demo says about its own parts."""
        found = json.loads((self.folder / ".modelyard" / "local" / "demo.json").read_bytes())["seconds"]
        return {str(name): float(seconds) for name, seconds in found.items()}


def measure(work: Path, *, cold: bool, again: int) -> list[Figure | Skipped]:
    """The first `make demo` of a fresh clone, and `again` more of them."""
    name = "clone-to-prediction-cold" if cold else "clone-to-prediction-cached"
    clone = Clone(work / "clone", work / "home", cold)
    clone.home.mkdir()
    cloned = run(["git", "clone", "--quiet", str(ROOT), str(clone.folder)], env=environment())
    try:
        first = clone.make("demo")
        parts = {"git clone": cloned.sample.seconds, **_set_up(first), **clone.seconds_by_part()}
        say(f"  first make demo: {first.sample.seconds:.1f} s")
        repeated = [_again(clone) for _ in range(again)]
        down = clone.make("down")
    finally:
        left = _left_over(clone.folder)
    if left:
        raise RunFailedError(f"make down left processes: {', '.join(left)}")
    figures = [_first(name, Sample(cloned.sample.seconds + first.sample.seconds, first.sample.peak_mb, parts))]
    return [*figures, _warm(repeated, down)]


def _first(name: str, sample: Sample) -> Figure:
    compiled = sum(seconds for part, seconds in sample.parts.items() if COMPILED.search(part))
    without = Sample(sample.seconds - compiled, sample.peak_mb, sample.parts)
    facts = {"compiling the Pulumi CLI, left out of the figure": f"{compiled:.1f} s"} if compiled else {}
    what = "git clone, then make demo to its first served prediction"
    return timed(name, what, [without], limit=FIRST_LIMIT, parts=dict(sample.parts), facts=facts)


def _again(clone: Clone) -> Sample:
    ended = clone.make("demo")
    summary = json.loads((clone.folder / ".modelyard" / "local" / "demo.json").read_bytes())
    if summary["changed"]:
        raise RunFailedError("a second make demo changed something")
    say(f"  make demo again: {ended.sample.seconds:.1f} s")
    return Sample(ended.sample.seconds, ended.sample.peak_mb, clone.seconds_by_part())


def _warm(samples: list[Sample], down: Ended) -> Figure | Skipped:
    name = "clone-to-prediction-warm"
    if not samples:
        return Skipped(name, "no second run was asked for")
    what = "make demo again, when everything is as it should be already"
    facts = {"make down": f"{down.sample.seconds:.1f} s, no process left"}
    return timed(name, what, samples, limit=AGAIN_LIMIT, parts=samples[-1].parts, facts=facts)


def _set_up(first: Ended) -> dict[str, float]:
    """The set-up's own lines: uv, the locked dependencies, the Pulumi CLI."""
    lines = (SET_UP_PART.match(line) for line in first.err.splitlines())
    wanted = ("installing", "building", "downloading", "compiling")
    return {one["what"]: float(one["seconds"]) for one in lines if one and one["what"].startswith(wanted)}


def _left_over(folder: Path) -> list[str]:
    """Processes that still run from the clone; they are ended, since they are the benchmark's own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            within = str(folder) in words or str((entry / "cwd").readlink()).startswith(str(folder))
        except OSError:
            continue
        if within and int(entry.name) != os.getpid():
            found.append(f"{entry.name} {words[:80]}")
            os.kill(int(entry.name), signal.SIGTERM)
    return found
