"""UsePythonVersion@0: a Python of this machine goes first on the PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping

from modelyard.delivery.rehearsing.work import DONE, Outcome, Work

ASK = "import sys; print(sys._base_executable or sys.executable); print('%d.%d.%d' % sys.version_info[:3])"
MINORS = range(20, 7, -1)
WILDCARD = re.compile(r"\d+(?:\.\d+)*(?:\.[xX*])?")
CONDITION = re.compile(r"(>=|<=|>|<|=)\s*(\d+(?:\.\d+)*)")
NAMED = re.compile(r"3\.(\d+)")
Version = tuple[int, ...]


def use_python(work: Work) -> Outcome:
    """Finds the newest Python that the version asks for."""
    wanted = work.input("versionSpec", default="3.x")
    for executable, version in _pythons(work.agent.passed, wanted):
        if suits(version, wanted):
            folder = work.agent.folders.tools / "python"
            folder.mkdir(exist_ok=True)
            for name in ("python", "python3", f"python{version[0]}.{version[1]}"):
                (folder / name).unlink(missing_ok=True)
                (folder / name).symlink_to(executable)
            if work.is_set("addToPath", default=True):
                work.agent.path.insert(0, str(folder))
            work.agent.variables.set("pythonLocation", str(folder))
            work.say(f"Python {'.'.join(map(str, version))} at {executable}")
            return DONE
    return work.failed(f"there is no Python {wanted} on PATH; install it, or take another version")


def suits(version: Version, wanted: str) -> bool:
    """Whether a version is one that `3.11`, `3.x` or `>=3.11 <3.14` asks for."""
    spec = wanted.strip()
    conditions = CONDITION.findall(spec)
    if conditions:
        return all(_holds(version, sign, _numbers(text)) for sign, text in conditions)
    if not WILDCARD.fullmatch(spec):
        return False
    numbers = _numbers(re.sub(r"\.[xX*]$", "", spec))
    return version[: len(numbers)] == numbers


def _holds(version: Version, sign: str, bound: Version) -> bool:
    cut = version[: len(bound)]
    return {
        ">=": version >= bound,
        ">": cut > bound,
        "<=": cut <= bound,
        "<": version < bound,
        "=": cut == bound,
    }[sign]


def _numbers(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def _pythons(passed: Mapping[str, str], wanted: str) -> Iterator[tuple[str, Version]]:
    """Every Python on PATH that may suit, newest first. A name that stands there may still be none, so it is asked."""
    minors = [minor for minor in MINORS if _may_suit(minor, wanted)]
    for name in (*(f"python3.{minor}" for minor in minors), "python3", "python"):
        path = shutil.which(name, path=passed.get("PATH", os.defpath))
        asked = _ask(path, passed) if path else None
        if asked is not None:
            yield asked


def _may_suit(minor: int, wanted: str) -> bool:
    """Whether a 3.MINOR needs to be asked at all: starting one takes a while."""
    named = NAMED.match(wanted.strip())
    return named is None or int(named[1]) == minor


def _ask(path: str, passed: Mapping[str, str]) -> tuple[str, Version] | None:
    try:
        done = subprocess.run(
            [path, "-I", "-c", ASK], capture_output=True, text=True, check=True, timeout=30, env=dict(passed)
        )
        executable, version = done.stdout.splitlines()[:2]
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return executable, _numbers(version)
