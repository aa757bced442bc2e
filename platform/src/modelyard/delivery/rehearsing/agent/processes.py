"""Steps as processes: each leads a group of its own, which is ended as a whole, and nothing else is."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from modelyard.delivery.rehearsing.agent.cancelling import Cancellation

LOOK_SECONDS = 0.05
GRACE_SECONDS = 10.0
"""Between asking a process group to end and ending it."""
DRAIN_SECONDS = 2.0
"""How long output may still come after a process has ended; what it left running may hold the pipe for ever."""
COULD_NOT_START = 127
WAIT = 'read -r _ <&{0} || exit 1; exec {0}<&-; exec "$0" "$@"'
"""Becomes the command as soon as it is told to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to run."""

    words: tuple[str, ...]
    """What is run; `{script}` stands for the file of the script."""
    folder: Path
    surroundings: Mapping[str, str]
    script: str = ""
    """Given to the shell through a file that has no name, so that a secret in it never stays on disk."""
    seconds: float | None = None
    """How long it may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended."""

    code: int
    timed_out: bool = False
    canceled: bool = False
    wrote_errors: bool = False
    """Whether anything came on stderr."""


OnBegin = Callable[[int], None]
"""Gets the id of a process group that has just begun."""


class Executor(Protocol):
    """Runs processes for one agent."""

    def run(
        self, command: Command, on_line: Callable[[str], None], *, cancellation: Cancellation, on_begin: OnBegin
    ) -> Ended:
        """Runs to the end; each line of output as it comes."""

    def close(self) -> None:
        """Ends what steps left running in their groups: the agent goes away."""


@dataclass(slots=True)
class _Watch:
    """Ends a group when its time is over, or when the rehearsal is canceled."""

    group: int
    deadline: float | None
    cancellation: Cancellation
    heard: int
    timed_out: bool = False
    canceled: bool = False
    kill_at: float | None = None

    def look(self) -> None:
        """Signals the group if there is reason to; kills it when it had time enough."""
        now = time.monotonic()
        if len(self.cancellation.signals) > self.heard:
            self.heard = len(self.cancellation.signals)
            self.canceled = True
            self._ask(self.cancellation.signals[-1])
        if self.deadline is not None and now > self.deadline and not self.timed_out:
            self.timed_out = True
            self._ask(signal.SIGTERM)
        if self.kill_at is not None and now > self.kill_at:
            self.kill_at = None
            _signal_group(self.group, signal.SIGKILL)

    def _ask(self, number: int) -> None:
        self.kill_at = time.monotonic() + GRACE_SECONDS
        _signal_group(self.group, number)


@dataclass(slots=True)
class Processes:
    """Real processes. One that has ended is not forgotten until the agent closes, so that its id stays its own."""

    _kept: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(
        self, command: Command, on_line: Callable[[str], None], *, cancellation: Cancellation, on_begin: OnBegin
    ) -> Ended:
        """Runs a process in a group of its own, without input."""
        heard = len(cancellation.signals)
        go, wait = os.pipe()[::-1]
        with os.fdopen(wait) as wait_file, os.fdopen(go, "w") as go_file, _script(command.script) as script:
            try:
                process = _start(command, script, wait_file.fileno())
            except OSError as error:
                on_line(f"{command.words[0]}: {error.strerror}")
                return Ended(code=COULD_NOT_START, wrote_errors=True)
            self._kept.append(process)
            # Whoever began it can be found again before it does anything; if we end first, it ends too.
            on_begin(process.pid)
            go_file.write("go\n")
        deadline = None if command.seconds is None else time.monotonic() + command.seconds
        watch = _Watch(process.pid, deadline, cancellation, heard=heard)
        wrote_errors = _follow(process, watch, on_line)
        code = _code(process)
        return Ended(code=code, timed_out=watch.timed_out, canceled=watch.canceled, wrote_errors=wrote_errors)

    def close(self) -> None:
        """Ends what is left of every group."""
        for process in self._kept:
            # A leader that was not waited for yet keeps its id, so the group is certainly the one that began here.
            if process.returncode is None:
                _signal_group(process.pid, signal.SIGTERM)
                process.wait()
                _await_end(process.pid)
        self._kept.clear()


@contextlib.contextmanager
def _script(text: str) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        file.seek(0)
        yield file


def _start(command: Command, script: IO[bytes], wait: int) -> subprocess.Popen[str]:
    words = [word.replace("{script}", f"/dev/fd/{script.fileno()}") for word in command.words]
    return subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-c", WAIT.format(wait), *words],
        cwd=command.folder,
        env=dict(command.surroundings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        pass_fds=(script.fileno(), wait),
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def _follow(process: subprocess.Popen[str], watch: _Watch, on_line: Callable[[str], None]) -> bool:
    """Hands on each line until the process has ended and its output is read; whether any came on stderr."""
    lines: queue.Queue[tuple[str, str | None]] = queue.Queue()
    streams = {"out": process.stdout, "err": process.stderr}
    for name, stream in streams.items():
        if stream is not None:
            threading.Thread(target=_read, args=(name, stream, lines), daemon=True).start()
    still, wrote_errors, ended_at = len(streams), False, None
    while still:
        watch.look()
        with contextlib.suppress(queue.Empty):
            name, line = lines.get(timeout=LOOK_SECONDS)
            still -= line is None
            wrote_errors |= name == "err" and line is not None
            if line is not None:
                on_line(line)
            continue
        ended_at = ended_at or (time.monotonic() if _has_ended(process) else None)
        if ended_at is not None and time.monotonic() - ended_at > DRAIN_SECONDS:
            break
    while not _has_ended(process):
        watch.look()
        time.sleep(LOOK_SECONDS)
    return wrote_errors


def _read(name: str, stream: IO[str], lines: queue.Queue[tuple[str, str | None]]) -> None:
    with stream:
        for line in stream:
            lines.put((name, line.rstrip("\r\n")))
    lines.put((name, None))


def _has_ended(process: subprocess.Popen[str]) -> bool:
    """Whether the leader has ended; where the system can look without forgetting it, it is not forgotten."""
    if process.returncode is not None:
        return True
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _code(process: subprocess.Popen[str]) -> int:
    """The exit code, as a shell gives it: 128 and the signal's number for a process that a signal ended."""
    if process.returncode is not None:
        return process.returncode if process.returncode >= 0 else 128 - process.returncode
    found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if found is None:
        return 1
    return found.si_status if found.si_code == os.CLD_EXITED else 128 + found.si_status


def _signal_group(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _await_end(group: int, patience: float = GRACE_SECONDS) -> None:
    """Waits until a group is gone, and kills what does not go."""
    deadline = time.monotonic() + patience
    while _lives(group):
        if time.monotonic() > deadline:
            _signal_group(group, signal.SIGKILL)
            return
        time.sleep(LOOK_SECONDS)


def _lives(group: int) -> bool:
    """Whether any process of a group still runs. One that nobody waits for any more has ended all the same."""
    if not _signal_group(group, 0):
        return False
    rows = (line.split() for line in _ps("-e", "-o", "pgid=", "-o", "stat=").splitlines())
    return any(row[0] == str(group) and not row[1].startswith("Z") for row in rows)


def began_at(pid: int) -> str:
    """When a process began, as the system tells it; empty if there is no such process."""
    return _ps("-o", "lstart=", "-p", str(pid)).strip()


def _ps(*words: str) -> str:
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(["ps", *words], capture_output=True, text=True, check=False, env=surroundings).stdout


def end_left(process: Mapping[str, str]) -> bool:
    """Ends the step of a rehearsal that was killed itself; whether there was one. Another process with its id stays."""
    if not process or not process.get("began") or began_at(int(process["id"])) != process["began"]:
        return False
    group = int(process["id"])
    _signal_group(group, signal.SIGTERM)
    _await_end(group)
    return True
