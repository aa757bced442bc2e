"""Sets a fresh checkout up: uv, the locked dependencies, the Pulumi CLI. Needs nothing but Python 3.11 and git.

Runs before anything is installed, so it imports the standard library alone. Everything lands under `.modelyard/`
and `.venv/` of this checkout; downloads are shared through the tools' own caches. Run again, it does nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("MODELYARD_STATE") or ROOT / ".modelyard")
OWN_TOOLS = ("checkov", "pip-audit", "airflow", "databricks")
"""Their pins and the platform's exclude each other, so each has an environment of its own in tools/."""
MLSERVER = ROOT / "tools" / "mlserver"
UV_VERSION = "0.13.8"
OLDEST_UV = (0, 9, 0)
PYTHONS = ((3, 11), (3, 13))
NEEDED_BYTES = 4 * 2**30
EXIT_CONFIGURATION = 3


class CannotSetUpError(Exception):
    """One sentence: what is missing, and what to do."""


def main() -> int:
    """Sets up; 0, or 3 with one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what `make test` needs")
    parser.add_argument("--bench", action="store_true", help="also what `make bench` needs (PySpark, MLServer)")
    options = parser.parse_args()
    groups = [name for name, wanted in (("dev", options.dev), ("bench", options.bench)) if wanted]
    try:
        _check_machine()
        _sync(groups)
        _pulumi()
        _announce()
    except CannotSetUpError as error:
        print(f"set-up stopped: {error}", file=sys.stderr)
        return EXIT_CONFIGURATION
    return 0


def _check_machine() -> None:
    if sys.version_info[:2] < PYTHONS[0]:
        raise CannotSetUpError(
            f"Python {sys.version_info.major}.{sys.version_info.minor} is too old; "
            "install Python 3.11, 3.12 or 3.13 and run `make PYTHON=python3.11 demo`"
        )
    if shutil.which("git") is None:
        raise CannotSetUpError("git is not on PATH; install it")
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        raise CannotSetUpError(
            f"{free / 2**30:.1f} GiB are free on the disk of {ROOT}, {NEEDED_BYTES / 2**30:.0f} GiB are needed; "
            "free some space"
        )


def _sync(groups: list[str]) -> None:
    """Installs the locked dependencies unless the last set-up already did."""
    stamp = STATE / "setup.stamp"
    wanted = _fingerprint()
    done = stamp.read_text(encoding="utf-8").split() if stamp.is_file() else []
    if done[:1] == [wanted] and set(groups) <= set(done[1:]) and (ROOT / ".venv" / "bin" / "modelyard").exists():
        return
    groups = sorted({*groups, *(done[1:] if (ROOT / ".venv").is_dir() else [])})
    uv = _uv()
    command = [uv, "sync", "--locked", "--no-default-groups", *(f"--group={group}" for group in groups)]
    python = ["--python", sys.executable] if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1] else []
    otherwise = "the locked dependencies could not be installed; is the network, or the package index, reachable?"
    begun = _begin("installing the locked dependencies")
    _run([*command, *python], otherwise)
    if "dev" in groups:
        for tool in OWN_TOOLS:
            _run([uv, "sync", "--locked", "--project", str(ROOT / "tools" / tool), *python], otherwise)
    if "bench" in groups:
        # A peer in an environment of its own. It takes no Python beyond 3.12, so uv chooses one.
        _run([uv, "sync", "--locked", "--project", str(MLSERVER)], otherwise)
    _end(begun)
    STATE.mkdir(parents=True, exist_ok=True)
    stamp.write_text(" ".join([wanted, *groups]) + "\n", encoding="utf-8")


def _fingerprint() -> str:
    files = [*sorted(ROOT.glob("**/uv.lock")), *sorted(ROOT.glob("**/pyproject.toml"))]
    ours = [path for path in files if ".venv" not in path.parts and ".modelyard" not in path.parts]
    digest = hashlib.sha256(str(ROOT).encode())
    for path in ours:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _uv() -> str:
    """The path of a uv that is new enough: the one on PATH, else one of our own."""
    found = shutil.which("uv")
    if found and _version(found) >= OLDEST_UV:
        return found
    home = STATE / "tools" / f"uv-{UV_VERSION}"
    own = home / "bin" / "uv"
    if own.exists() and _version(str(own)) >= OLDEST_UV:
        return str(own)
    begun = _begin(f"installing uv {UV_VERSION} into {home.relative_to(ROOT) if ROOT in home.parents else home}")
    _run([sys.executable, "-m", "venv", "--clear", str(home)], "Python's venv module is missing; install python3-venv")
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, f"uv=={UV_VERSION}"], "uv could not be installed; is the network, or the package index, reachable?")
    _end(begun)
    return str(own)


def _version(uv: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
        return tuple(int(part) for part in said.split()[1].split("."))
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return (0,)


def _pulumi() -> None:
    command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "modelyard_infra.engine.setup"]
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
        raise CannotSetUpError("there is no Pulumi CLI; the line above says what to do")


def _announce() -> None:
    """Tells the pipeline that runs this, if one does, to put the commands on PATH for its next steps."""
    commands = str(ROOT / ".venv" / "bin")
    if os.environ.get("TF_BUILD"):
        print(f"##vso[task.prependpath]{commands}", flush=True)
    listed = os.environ.get("GITHUB_PATH")
    if listed:
        with Path(listed).open("a", encoding="utf-8") as file:
            file.write(f"{commands}\n")


def _run(command: list[str], otherwise: str) -> None:
    """Runs a command quietly; what it printed is shown only if it failed."""
    # Behind a company's proxy only the system knows the certificates; uv would ask its own list.
    surroundings = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", **os.environ}
    result = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    if result.returncode:
        tail = "\n".join((result.stdout + result.stderr).strip().splitlines()[-12:])
        print(tail, file=sys.stderr)
        full = "no space left" in tail.lower()
        raise CannotSetUpError("the disk is full; free some space" if full else otherwise)


def _begin(what: str) -> tuple[str, float]:
    print(f"  … {what}", file=sys.stderr, flush=True)
    return what, time.monotonic()


def _end(begun: tuple[str, float]) -> None:
    print(f"  ✓ {begun[0]} ({time.monotonic() - begun[1]:.1f} s)", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
