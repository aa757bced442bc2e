"""One process under supervisord: put there, taken away, and asked how it is."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import psutil

from modelyard_infra.local import daemon, launch
from modelyard_infra.local.kinds import LocalResourceError
from modelyard_infra.local.procedures import ANSWER_SECONDS, UNREACHABLE, Fault, call
from modelyard_infra.local.processes import MARK, end, mark_of, marked

LOG_TAIL_LINES = 12
SUPERVISOR_LOG_TAIL_LINES = 2000


@dataclass(frozen=True, slots=True)
class Supervised:
    """A service's place under its supervisor."""

    daemon: daemon.Daemon
    name: str
    log: Path
    stop_seconds: int

    @property
    def mark(self) -> str:
        """The mark of its processes."""
        return mark_of(self.daemon.home, self.name)

    def start(self, command: list[str], environment: dict[str, str], folder: str) -> None:
        """Starts it, without waiting for anything.

        Raises:
            LocalResourceError: the supervisor is gone, or cannot run the command.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        plan = self.daemon.services / f"{self.name}.json"
        marked_environment = {**environment, MARK: self.mark}
        _write(plan, json.dumps({"command": command, "environment": marked_environment, "folder": folder}, indent=1))
        _write(self.daemon.services / f"{self.name}.ini", self._program(plan))
        socket = self.daemon.socket
        try:
            call(socket, "reloadConfig")
            call(socket, "addProcessGroup", self.name)
            call(socket, "startProcess", self.name, False)
        except Fault as fault:
            raise LocalResourceError(f"{self.name} could not be started: {fault.faultString}") from fault
        except UNREACHABLE as error:
            raise LocalResourceError(f"{self.name} could not be started: its supervisor does not answer") from error

    def stop(self) -> None:
        """Ends it with all its children, also those that the supervisor lost sight of. It may be gone already."""
        for method, *more in (("stopProcess", True), ("removeProcessGroup",)):
            try:
                call(self.daemon.socket, method, self.name, *more, seconds=self.stop_seconds + ANSWER_SECONDS)
            except Fault:
                continue  # not running, or not known: as wanted
            except UNREACHABLE:
                break
        end(marked(self.mark), patience=self.stop_seconds)
        for kind in ("ini", "json"):
            (self.daemon.services / f"{self.name}.{kind}").unlink(missing_ok=True)

    def pid(self) -> int | None:
        """Its process id while it runs, else None."""
        try:
            info = call(self.daemon.socket, "getProcessInfo", self.name)
        except UNREACHABLE:
            return None
        return int(info["pid"]) if info["statename"] in {"RUNNING", "STARTING"} else None

    def why_stopped(self) -> str:
        """Why it does not run. From the supervisor's log: its interface does not tell one signal from another."""
        if daemon.pid_of(self.daemon.socket) is None:
            return "its supervisor is gone"
        pattern = re.compile(rf"(?:exited|stopped): {re.escape(self.name)} \((.*)\)\s*$")
        for line in reversed(_last_lines(self.daemon.log, SUPERVISOR_LOG_TAIL_LINES)):
            if found := pattern.search(line):
                return _in_words(found.group(1))
        return "it was never started"

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(_last_lines(self.log, LOG_TAIL_LINES))

    def processes(self) -> list[psutil.Process]:
        """Every living process of it."""
        return marked(self.mark)

    def _program(self, plan: Path) -> str:
        # autorestart is off on purpose. On a developer's machine a crash should be seen, not hidden by a restart:
        # a dead service is drift, `refresh` reports it with its reason, and `up` repairs it.
        # Paths are relative to the supervisor's folder: it expands a log file's percent signs twice.
        command = shlex.join([sys.executable, "-I", "-S", launch.__file__, os.path.relpath(plan, self.daemon.run)])
        return f"""[program:{self.name}]
command = {daemon.quoted(command)}
autostart = false
autorestart = false
startsecs = 0
startretries = 0
stopasgroup = true
killasgroup = true
stopwaitsecs = {self.stop_seconds}
redirect_stderr = true
stdout_logfile = {os.path.relpath(self.log, self.daemon.run)}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


def _in_words(reason: str) -> str:
    """supervisord's words for an end, with the number of a signal: people look for `signal 9`."""
    reason = reason.partition(";")[0]
    if found := re.match(r"terminated by (SIG\w+)", reason):
        name = found.group(1)
        number = signal.Signals[name].value if name in signal.Signals.__members__ else "?"
        return f"killed by signal {number} ({name})"
    return reason.replace("exit status", "exit code")


def _last_lines(file: Path, count: int) -> list[str]:
    try:
        with file.open(errors="replace") as lines:
            return [line.rstrip("\n") for line in deque(lines, maxlen=count)]
    except OSError:
        return []


def _write(file: Path, text: str) -> None:
    """Replaces a file as a whole: the supervisor may be reading it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f"{file.suffix}.new")
    draft.write_text(text)
    draft.replace(file)
