"""Load from another core: by wrk where it is installed, else by a client of our own; or at a constant rate."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from processes import RunFailedError, environment, say
from serving_servers import JSON, OK, Server, held_to

_CLIENT = Path(__file__).with_name("serving_client.py")
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_MARGIN = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked again and again."""

    path: str
    body: bytes
    headers: Mapping[str, str]

    @classmethod
    def json(cls, path: str, body: bytes) -> Request:
        """A JSON request."""
        return cls(path=path, body=body, headers=JSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hammered:
    """What a server did when it was asked as fast as it answers."""

    per_second: float
    p50: float
    p99: float
    processor: float
    """Seconds of the processor for one request, all processes of the server together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Requests at a constant rate, in the order in which they were due."""

    due: np.ndarray
    sent: np.ndarray
    answered: np.ndarray
    status: np.ndarray
    version: list[str]

    @property
    def latency(self) -> np.ndarray:
        """Seconds from when each was due to the last byte of its answer."""
        found: np.ndarray = self.answered - self.due
        return found

    @property
    def failed(self) -> int:
        """Requests without a good answer."""
        return int((self.status != OK).sum())


@dataclass(frozen=True, slots=True)
class _Found:
    """What a client says."""

    requests: int
    seconds: float
    p50: float
    p99: float


def client_name() -> str:
    """Who makes the load."""
    return "wrk" if shutil.which("wrk") else "own client (wrk is not installed)"


def hammer(
    server: Server, request: Request, *, connections: int, seconds: float, core: int, work: Path, warm: float = 1.0
) -> Hammered:
    """So many connections, each asking again as soon as it is answered, after a moment of the same to warm up.

    Raises:
        RunFailedError: not every answer was a good one.
    """
    side = _wrk if shutil.which("wrk") else _own
    if warm:
        side(server, request, connections, warm, core, work)
    before = server.processor_seconds()
    found = side(server, request, connections, seconds, core, work)
    if not found.requests:
        raise RunFailedError(f"{server.name} answered nothing within {seconds:g} s")
    processor = (server.processor_seconds() - before) / found.requests
    return Hammered(per_second=found.requests / found.seconds, p50=found.p50, p99=found.p99, processor=processor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How often and for how long servers are asked, and from where."""

    runs: int
    seconds: float
    core: int
    work: Path

    def in_turn(self, sides: Mapping[str, tuple[Server, Request]], *, connections: int) -> dict[str, list[Hammered]]:
        """All sides one after another in each round; another one begins each time, so that no order favours one."""
        found: dict[str, list[Hammered]] = {name: [] for name in sides}
        names = list(sides)
        for turn in range(self.runs):
            for place in range(len(names)):
                name = names[(place + turn) % len(names)]
                server, request = sides[name]
                one = hammer(
                    server, request, connections=connections, seconds=self.seconds, core=self.core, work=self.work
                )
                found[name].append(one)
            said = ", ".join(f"{name} {rounds[-1].per_second:,.0f}" for name, rounds in found.items())
            say(f"  {connections} connections, round {turn}: {said} a second")
        return found


def at_rate(server: Server, request: Request, *, rate: float, seconds: float, core: int | None, work: Path) -> Timeline:
    """So many requests a second, each at its moment, whatever became of those before it."""
    return Paced.begin(server, request, rate=rate, seconds=seconds, core=core, work=work).end()


@dataclass(slots=True, kw_only=True)
class Paced:
    """A client at a constant rate that is under way."""

    process: subprocess.Popen[bytes]
    out: Path
    seconds: float

    @classmethod
    def begin(
        cls, server: Server, request: Request, *, rate: float, seconds: float, core: int | None, work: Path
    ) -> Paced:
        """Start it."""
        command, out = _client(server, request, work, seconds=seconds, connections=4)
        with held_to(core):
            process = subprocess.Popen([*command, "--rate", str(rate)], stderr=subprocess.PIPE, env=environment())
        return cls(process=process, out=out, seconds=seconds)

    def stop(self) -> Timeline:
        """Let it ask nothing more."""
        self.process.terminate()
        return self.end()

    def end(self) -> Timeline:
        """Wait for its last answer.

        Raises:
            RunFailedError: it did not end well.
        """
        try:
            _, said = self.process.communicate(timeout=self.seconds + _MARGIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise RunFailedError("the client did not end") from None
        if self.process.returncode:
            raise RunFailedError(f"the client failed: {said.decode()[-2000:]}")
        rows = sorted(json.loads(self.out.read_bytes()))
        due, sent, answered, status = np.array([row[:4] for row in rows], dtype=float).T
        return Timeline(due=due, sent=sent, answered=answered, status=status, version=[row[4] for row in rows])


def _client(
    server: Server, request: Request, work: Path, *, seconds: float, connections: int
) -> tuple[list[str], Path]:
    body, out = work / f"{uuid.uuid4().hex}.body", work / f"{uuid.uuid4().hex}.json"
    body.write_bytes(request.body)
    command = [sys.executable, str(_CLIENT), server.url + request.path, "--body", str(body), "--out", str(out)]
    command += ["--headers", json.dumps(dict(request.headers))]
    return [*command, "--seconds", str(seconds), "--connections", str(connections)], out


def _own(server: Server, request: Request, connections: int, seconds: float, core: int, work: Path) -> _Found:
    command, out = _client(server, request, work, seconds=seconds, connections=connections)
    with held_to(core):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment())
    found = Paced(process=process, out=out, seconds=seconds).end()
    if found.failed:
        raise RunFailedError(f"{server.name}: {found.failed} of {len(found.status)} requests failed\n{server.tail()}")
    p50, p99 = np.quantile(found.answered - found.sent, [0.5, 0.99])
    return _Found(len(found.status), float(found.answered.max() - found.due.min()), float(p50), float(p99))


def _wrk(server: Server, request: Request, connections: int, seconds: float, core: int, work: Path) -> _Found:
    name = uuid.uuid4().hex
    body, script = work / f"{name}.body", work / f"{name}.lua"
    body.write_bytes(request.body)
    lines = ['wrk.method = "POST"', f'wrk.body = io.open("{body}", "rb"):read("*a")']
    lines += [f'wrk.headers["{key}"] = "{value}"' for key, value in request.headers.items()]
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "30s"]
    with held_to(core):
        done = subprocess.run(
            [*command, "-s", str(script), server.url + request.path],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + _MARGIN,
        )
    said = done.stdout
    if done.returncode or "Non-2xx" in said or "Socket errors" in said:
        raise RunFailedError(f"{server.name} under wrk:\n{said}{done.stderr}\n{server.tail()}")
    count = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m),", said)
    assert count is not None, said
    took = float(count[2]) * _UNITS[count[3]]
    return _Found(int(count[1]), took, _percentile(said, "50"), _percentile(said, "99"))


def _percentile(said: str, which: str) -> float:
    found = re.search(rf"^\s+{which}%\s+([\d.]+)(us|ms|s|m)\s*$", said, re.MULTILINE)
    assert found is not None, said
    return float(found[1]) * _UNITS[found[2]]
