"""`modelyard:local:Service`: a process that runs under the supervisor and answers on a port."""

from __future__ import annotations

from pathlib import Path

from modelyard_infra.local import health, ports
from modelyard_infra.local.daemon import Daemon
from modelyard_infra.local.kinds import Call, Difference, Found, LocalResourceError, changed_keys
from modelyard_infra.local.processes import mark_of
from modelyard_infra.local.starting import bring_up
from modelyard_infra.local.supervised import Supervised
from modelyard_infra.plugin.wire import UNKNOWN, Properties

AUTO = "auto"
RUNNING = "running"
HEALTH_SECONDS = 5.0
HEALTH_TRIES = 2
"""A busy machine is slow, which is not the same as broken."""


class ServiceKind:
    """Services.

    The input `status` is always wanted as `running`. What is found at a read goes into inputs and outputs, so that
    a dead service shows up as drift and the next update repairs it, on the same port.
    """

    def __init__(self, *, health_seconds: float = HEALTH_SECONDS) -> None:
        self._health_seconds = health_seconds

    def check(self, inputs: Properties) -> list[tuple[str, str]]:
        """A port is a number or auto; a command is not empty."""
        problems = []
        port = inputs.get("port")
        if port not in (AUTO, UNKNOWN) and not isinstance(port, int):
            problems.append(("port", f"must be a number or {AUTO}, found {port!r}"))
        if not inputs.get("command"):
            problems.append(("command", "must name a program"))
        return problems

    def diff(self, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> Difference:
        """Everything changes in place: the service is stopped and started with the new settings."""
        changed = set(changed_keys(old_inputs, inputs))
        if old_outputs.get("status") != RUNNING:
            changed.add("status")
        return Difference(tuple(sorted(changed)))

    def foresee(self, inputs: Properties, old_outputs: Properties) -> Properties:
        """A port that is chosen at the start is not known before; one that was chosen is kept if possible."""
        wanted = inputs.get("port")
        port = wanted if isinstance(wanted, int) else old_outputs.get("port", UNKNOWN)
        address = UNKNOWN if port == UNKNOWN else _address(port)
        return {**inputs, "port": port, "address": address, "pid": UNKNOWN, "status": RUNNING}

    def create(self, inputs: Properties, call: Call) -> Found:
        """Starts the service and waits until it is healthy."""
        home, name = inputs["home"], str(inputs["name"])
        return Found(mark_of(home, name), inputs, self._started(inputs, None, call))

    def read(self, identity: str, inputs: Properties, outputs: Properties) -> Found | None:
        """The service as it is: running, unhealthy or stopped, with the reason."""
        if not outputs:
            raise LocalResourceError(f"{identity} cannot be imported; create it with `pulumi up`")
        place = _place(outputs)
        pid = place.pid()
        status = self._status(place, pid, outputs)
        found = {**outputs, "status": status, "pid": pid or 0}
        return Found(identity, {**inputs, "status": status}, found)

    def update(self, inputs: Properties, old_outputs: Properties, call: Call) -> Properties:
        """Stops what runs under the old settings and starts it with the new ones."""
        _place(old_outputs).stop()
        return self._started(inputs, old_outputs.get("port"), call)

    def delete(self, outputs: Properties, call: Call) -> None:
        """Stops it, and every process that it left."""
        del call
        _place(outputs).stop()

    def _started(self, inputs: Properties, old_port: int | None, call: Call) -> Properties:
        place = _place(inputs)
        place.stop()  # also what an update that was killed half-way has started
        kept = Path(inputs["run"]) / "ports" / place.name
        port = bring_up(place, inputs, preferred=(old_port, ports.recall(kept)), call=call)
        ports.remember(kept, port)
        return {**inputs, "port": port, "address": _address(port), "pid": place.pid() or 0, "status": RUNNING}

    def _status(self, place: Supervised, pid: int | None, outputs: Properties) -> str:
        if pid is None:
            return f"stopped: {place.why_stopped()}"
        complaint = ""
        for _ in range(HEALTH_TRIES):
            complaint = health.complaint(int(outputs["port"]), str(outputs["health"]), seconds=self._health_seconds)
            if not complaint:
                return RUNNING
        return f"unhealthy: {complaint}"


def _place(properties: Properties) -> Supervised:
    home, run, logs = (Path(properties[key]) for key in ("home", "run", "logs"))
    return Supervised(
        daemon=Daemon(home, run, logs, Path(properties["socket"])),
        name=str(properties["name"]),
        log=Path(properties["log"]),
        stop_seconds=int(properties["stop_seconds"]),
    )


def _address(port: int) -> str:
    return f"http://{ports.HOST}:{port}"
