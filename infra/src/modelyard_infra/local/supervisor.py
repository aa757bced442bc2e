"""`modelyard:local:Supervisor`: the supervisord that runs an environment's services."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil

from modelyard_infra.local import daemon
from modelyard_infra.local.kinds import Call, Difference, Found, LocalResourceError, changed_keys
from modelyard_infra.local.procedures import UNREACHABLE, call
from modelyard_infra.local.processes import end, marked_below
from modelyard_infra.plugin.wire import UNKNOWN, Properties

STOP_SECONDS = 30.0


class SupervisorKind:
    """Supervisors. Its outputs `socket` and `instance` tie services to this very run of it."""

    def check(self, inputs: Properties) -> list[tuple[str, str]]:
        """All paths must be absolute."""
        wanted = ("home", "run", "logs")
        return [(key, "must be an absolute path") for key in wanted if not Path(str(inputs.get(key, ""))).is_absolute()]

    def diff(self, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        """Another place is another supervisor."""
        del old_outputs
        changed = changed_keys(old_inputs, inputs)
        return Difference(changed, replaces=changed)

    def foresee(self, inputs: Properties, old_outputs: Properties) -> Properties:
        """What a start will choose is not known yet."""
        chosen = {key: old_outputs.get(key, UNKNOWN) for key in ("socket", "instance")}
        return {**inputs, **chosen}

    def create(self, inputs: Properties, call: Call) -> Found:
        """Starts a supervisor. What an earlier one left running is ended first: nobody watches over it any more."""
        home = Path(inputs["home"])
        left = end(marked_below(home), patience=STOP_SECONDS)
        if left:
            call.note(f"ended {left} processes that an earlier supervisor had left")
        kept = daemon.Daemon.at(home, Path(inputs["run"]), Path(inputs["logs"]))
        try:
            instance = kept.start()
        except OSError as error:
            raise LocalResourceError(f"cannot start supervisord in {kept.run}: {error.strerror or error}") from error
        return Found(str(home), inputs, _outputs(inputs, kept.socket, instance))

    def read(self, identity: str, inputs: Properties, outputs: Properties) -> Found | None:
        """The supervisor if it answers, else None."""
        socket = Path(str(outputs.get("socket", "")))
        instance = daemon.instance_of(socket)
        return None if instance is None else Found(identity, inputs, _outputs(inputs, socket, instance))

    def update(self, inputs: Properties, old_outputs: Properties, call: Call) -> Properties:
        """Starts it anew; every change is a replacement, so the engine does not ask for this."""
        self.delete(old_outputs, call)
        return self.create(inputs, call).outputs

    def delete(self, outputs: Properties, call: Call) -> None:
        """Ends the supervisor and everything that it ran, also what it lost sight of."""
        del call
        stop(Path(outputs["home"]), socket=Path(str(outputs["socket"])))


def stop(home: Path, *, socket: Path | None = None) -> int:
    """Ends every process of an environment and removes the socket; returns how many did not end by themselves."""
    socket = socket or daemon.socket_folder(home) / daemon.SOCKET_NAME
    pid = daemon.pid_of(socket)
    if pid is not None:
        _shut_down(socket, pid)
    left = end(marked_below(home), patience=STOP_SECONDS)
    shutil.rmtree(socket.parent, ignore_errors=True)
    return left


def _shut_down(socket: Path, pid: int) -> None:
    try:
        process = psutil.Process(pid)
        call(socket, "shutdown")
        process.wait(timeout=STOP_SECONDS)
    except (*UNREACHABLE, psutil.Error):
        return  # it is gone, or hangs: the sweep by mark ends it


def _outputs(inputs: Properties, socket: Path, instance: str) -> Properties:
    return {**inputs, "socket": str(socket), "instance": instance}
