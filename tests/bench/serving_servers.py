"""The servers that are measured: started as a user starts them, held to one core, watched from outside, ended by id."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from processes import ROOT, RunFailedError, environment, tree

PATIENCE = 180.0
POLL_SECONDS = 0.01
END_SECONDS = 30.0
JSON = {"content-type": "application/json"}
MLSERVER = ROOT / "tools" / "mlserver"
OK = 200


@dataclass(slots=True, kw_only=True)
class Server:
    """A running server with all its processes."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    log: Path
    begun: float
    """When it was started, on the monotonic clock."""

    def ask(self, path: str, body: bytes, headers: Mapping[str, str] = JSON) -> bytes:
        """The answer to one POST.

        Raises:
            RunFailedError: it is no good one.
        """
        status, _, answer = self.post(path, body, headers)
        if status != OK:
            raise RunFailedError(f"{self.name} answered {status}: {answer[:300]!r}\n{self.tail()}")
        return answer

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] = JSON
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of the answer to one POST."""
        return _exchange(self.url, "POST", path, body, headers)

    def get(self, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of the answer to one GET."""
        return _exchange(self.url, "GET", path, None, {})

    def pids(self) -> list[int]:
        """The process and all its children."""
        return tree(self.process.pid)

    def processor_seconds(self) -> float:
        """What all its processes have used of the processor until now; of those that still run."""
        return sum(_processor(pid) for pid in self.pids())

    def proportional_mb(self) -> float:
        """Memory of all its processes in MiB; a page that several hold counts once."""
        return sum(_proportional(pid) for pid in self.pids()) / 1024

    def tail(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def await_answer(self, path: str, body: bytes, headers: Mapping[str, str] = JSON) -> float:
        """Seconds from its start to the first good answer to a POST.

        Raises:
            RunFailedError: it ended, or gave none in time.
        """
        while time.monotonic() - self.begun < PATIENCE:
            if self.process.poll() is not None:
                break
            try:
                if self.post(path, body, headers)[0] == OK:
                    return time.monotonic() - self.begun
            except OSError:
                pass
            time.sleep(POLL_SECONDS)
        raise RunFailedError(f"{self.name} gave no good answer:\n{self.tail()}")

    def end(self) -> None:
        """Stop it, and whatever it leaves behind."""
        left = self.pids()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # It leads a group of its own: nothing else is in it.
        if any(Path(f"/proc/{pid}").exists() for pid in left):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def cores() -> tuple[int, int] | None:
    """A core for the server and one for the client; none where there are not two, or they can't be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    found = sorted(os.sched_getaffinity(0))
    return (found[0], found[1]) if len(found) > 1 else None


@contextmanager
def held_to(core: int | None) -> Iterator[None]:
    """What is started in the block runs on this core alone, and so does all that it starts; None for no limit."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def modelyard(
    work: Path, bundles: Path, deployments: Path, *, core: int | None, options: Sequence[str] = (), program: str = ""
) -> Iterator[Server]:
    """Our model API, with one worker unless `options` say otherwise.

    Args:
        work: Where its log goes.
        bundles: What it may serve.
        deployments: What it serves.
        core: The core that it is held to, host and workers.
        options: More words for its command line.
        program: A file to run in place of `python -m modelyard_serving`.
    """
    port = _free_port()
    command = [sys.executable, *([program] if program else ["-m", "modelyard_serving"]), "--port", str(port)]
    command += ["--bundles", str(bundles), "--deployments", str(deployments), *options]
    with _running("modelyard_serving", command, work, core=core, port=port) as server:
        yield server


@contextmanager
def mlflow_serve(work: Path, folder: Path, *, core: int | None, workers: int | None = 1) -> Iterator[Server]:
    """`mlflow models serve` of a downloaded model."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("mlflow")), "models", "serve", "-m", str(folder)]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    command += [] if workers is None else ["--workers", str(workers)]
    with _running("mlflow models serve", command, work, core=core, port=port) as server:
        yield server


@contextmanager
def mlserver(work: Path, folder: Path, *, core: int | None, settings: Mapping[str, Any]) -> Iterator[Server]:
    """MLServer on a folder of models, from an environment of its own."""
    http_port, grpc_port, metrics_port = (_free_port() for _ in range(3))
    ports = {"http_port": http_port, "grpc_port": grpc_port, "metrics_port": metrics_port}
    document = json.dumps({"host": "127.0.0.1", **ports, **settings})
    (folder / "settings.json").write_text(document, encoding="utf-8")
    command = [str(MLSERVER / ".venv" / "bin" / "mlserver"), "start", str(folder)]
    with _running("MLServer", command, work, core=core, port=http_port, cwd=folder) as server:
        yield server


@contextmanager
def _running(
    name: str, command: Sequence[str], work: Path, *, core: int | None, port: int, cwd: Path | None = None
) -> Iterator[Server]:
    log = work / f"{name.replace(' ', '-')}-{port}.log"
    beside = str(Path(command[0]).parent)
    env = environment(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    env["PATH"] = f"{beside}{os.pathsep}{env.get('PATH', '')}"
    with log.open("wb") as output, held_to(core):
        begun = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=cwd or work,  # MLflow puts a database where it stands
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(name=name, process=process, url=f"http://127.0.0.1:{port}", log=log, begun=begun)
    try:
        yield server
    finally:
        server.end()


def _free_port() -> int:
    from modelyard.testing.tracking_server import free_port

    return free_port()


def _exchange(
    url: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()


def _processor(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _proportional(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:"))
