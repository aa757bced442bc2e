"""A rehearsal: a model API of its own, on a free port, with nothing but the bundle that is to be released.

It runs the same program as the live one, from this Python, and never outlives the process that started it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from modelyard.errors import MissingToolError, ReleaseRefusedError
from modelyard.release.calling import ModelApi
from modelyard_bundle import Pointer, replace_pointer

SERVER = "modelyard_serving"
_POLL_SECONDS = 0.05
_STOP_SECONDS = 15.0
_LOG_LINES = 5


@contextmanager
def rehearse(
    pointer: Pointer, *, bundles: Path, trusted_keys: Path | None = None, seconds: float = 60.0
) -> Iterator[str]:
    """The address of a model API that serves what `pointer` names, and stops at the end of the block.

    Args:
        pointer: What to serve.
        bundles: The root of all bundles.
        trusted_keys: The folder of public keys that it trusts; none where bundles are not signed.
        seconds: How long it may take to become ready.

    Raises:
        MissingToolError: The model API is not installed here.
        ReleaseRefusedError: It did not become ready: the bundle was refused, or it was too slow.
    """
    if find_spec(SERVER) is None:
        raise MissingToolError("the model API is not installed in this Python", hint="`make setup` installs it")
    with tempfile.TemporaryDirectory(prefix="modelyard-rehearsal-") as temporary:
        folder = Path(temporary)
        replace_pointer(folder / "deployments", pointer)
        process = _start(folder, bundles, trusted_keys)
        try:
            yield _ready(process, folder, pointer, seconds=seconds)
        finally:
            _stop(process)


def _start(folder: Path, bundles: Path, trusted_keys: Path | None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", SERVER, "--port", "0", "--host", "127.0.0.1"]
    command += ["--deployments", str(folder / "deployments"), "--bundles", str(bundles.resolve())]
    command += ["--announce", str(folder / "address"), "--linger-seconds", "0.01", "--drain-seconds", "2"]
    if trusted_keys is not None:
        command += ["--trusted-keys", str(trusted_keys.resolve())]
    # The pipe is never written to. It closes when this process ends, however it ends, and the API stops with it.
    command += ["--until-stdin-closes"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
            env=_surroundings(),
        )


def _surroundings() -> dict[str, str]:
    """The environment without secrets it has no use for."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _ready(process: subprocess.Popen[bytes], folder: Path, pointer: Pointer, *, seconds: float) -> str:
    until = time.monotonic() + seconds
    reason = "it did not start"
    while time.monotonic() < until and process.poll() is None:
        if (folder / "address").is_file():
            address = (folder / "address").read_text()
            answer = ModelApi(address).get("/v2/health/ready")
            if answer.status == 200:  # noqa: PLR2004 - OK
                return address
            reason = (answer.json() or {}).get("reason", reason)
            if "no model passed the checks" in reason:
                break
        time.sleep(_POLL_SECONDS)
    raise ReleaseRefusedError(
        f"{pointer.model} {pointer.version} was not served in rehearsal: {reason}{_last_lines(folder, process)}",
        hint=f"`modelyard release build {pointer.model}` builds the bundle anew; nothing was deployed",
    )


def _last_lines(folder: Path, process: subprocess.Popen[bytes]) -> str:
    if process.poll() is None:
        return ""
    lines = (folder / "log").read_text(errors="replace").splitlines()[-_LOG_LINES:]
    return f"; it ended with exit code {process.returncode}: {' | '.join(lines)[:500]}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
