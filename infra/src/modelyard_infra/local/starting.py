"""Brings a service up: a port, a start, and patience until it is healthy."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from modelyard_infra.blueprint.local import PORT_PLACEHOLDER
from modelyard_infra.local import health, ports
from modelyard_infra.local.kinds import Call, LocalResourceError
from modelyard_infra.local.supervised import Supervised
from modelyard_infra.plugin.wire import Properties

PORT_TRIES = 5
"""How often another port is tried when somebody else is faster between the choice and the start."""
POLL_SECONDS = 0.05
SLOWEST_POLL_SECONDS = 0.5
ANSWER_SECONDS = 2.0


class _PortLostError(Exception):
    """Somebody else took the port before the service did."""


def bring_up(place: Supervised, inputs: Properties, *, preferred: Sequence[int | None], call: Call) -> int:
    """Starts a service and returns its port, as soon as it is healthy.

    Args:
        place: where it runs.
        inputs: the resource's inputs.
        preferred: ports to take if they are free, best first; for `auto` only.
        call: who is told, and whether the user has had enough.

    Raises:
        LocalResourceError: it did not become healthy, or its fixed port is taken. Nothing is left running.
    """
    wanted = inputs["port"]
    lost: set[int] = set()
    for _ in range(PORT_TRIES):
        port = _fixed(place, inputs) if isinstance(wanted, int) else ports.choose(preferred, avoid=lost)
        _warn_of_another_port(place, preferred, port, fixed=isinstance(wanted, int), call=call)
        call.note(f"starting {place.name} on port {port}")
        try:
            _start(place, inputs, port, call)
        except _PortLostError:
            place.stop()
            lost.add(port)
            continue
        except BaseException:
            place.stop()
            raise
        return port
    raise LocalResourceError(f"{place.name} found no free port in {PORT_TRIES} tries; run the same command again")


def _fixed(place: Supervised, inputs: Properties) -> int:
    port = int(inputs["port"])
    if ports.is_free(port):
        return port
    who = ports.holder(port) or "another process"
    setting = inputs.get("port_setting") or "the port"
    raise LocalResourceError(
        f"port {port} of {place.name} is taken by {who}: stop that, or set {setting} to another port or to auto"
    )


def _warn_of_another_port(
    place: Supervised, preferred: Sequence[int | None], port: int, *, fixed: bool, call: Call
) -> None:
    kept = next((candidate for candidate in preferred if candidate is not None), None)
    if not fixed and kept is not None and kept != port:
        who = ports.holder(kept) or "somebody else"
        call.warn(f"{place.name} moves from port {kept} to port {port}: {kept} is now taken by {who}")


def _start(place: Supervised, inputs: Properties, port: int, call: Call) -> None:
    command = [str(word).replace(PORT_PLACEHOLDER, str(port)) for word in inputs["command"]]
    Path(inputs["folder"]).mkdir(parents=True, exist_ok=True)
    place.start(command, {key: str(value) for key, value in inputs["environment"].items()}, str(inputs["folder"]))
    _await_health(place, inputs, port, call)


def _await_health(place: Supervised, inputs: Properties, port: int, call: Call) -> None:
    begun = time.monotonic()
    limit = float(inputs["start_seconds"])
    pause = POLL_SECONDS
    while True:
        complaint = health.complaint(port, str(inputs["health"]), seconds=ANSWER_SECONDS)
        if place.pid() is None:
            _explain_end(place, inputs, port)
        if not complaint and ports.held_by(port, place.processes()):
            call.note(f"{place.name} is healthy after {time.monotonic() - begun:.1f} s")
            return
        if call.cancelled.is_set():
            raise LocalResourceError(f"{place.name} was not started: the update was cancelled")
        if time.monotonic() - begun > limit:
            trouble = complaint or f"port {port} is held by {ports.holder(port) or 'another process'}"
            raise LocalResourceError(_with_log(f"{place.name} is not healthy after {limit:g} s: {trouble}", place))
        # Waits for a process that tells nobody when it is ready; the pause grows so that a slow start costs no CPU.
        call.cancelled.wait(pause)
        pause = min(pause * 1.5, SLOWEST_POLL_SECONDS)


def _explain_end(place: Supervised, inputs: Properties, port: int) -> None:
    if inputs["port"] == "auto" and not ports.is_free(port):
        raise _PortLostError
    raise LocalResourceError(_with_log(f"{place.name} ended while it was starting: {place.why_stopped()}", place))


def _with_log(sentence: str, place: Supervised) -> str:
    words = place.last_words()
    return f"{sentence}; see {place.log}" + (f", which ends with:\n{words}" if words else "")
