"""The host: it holds the sockets, follows the deployment pointers, loads models, and keeps workers at their places.

It has one thread and no event loop, so that it may fork: a worker is a copy of it that has every model in memory, and
shares that memory with the others. A change of what is served makes a new generation of workers.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from modelyard_bundle import Pointer, write_atomically
from modelyard_serving.access.settings import AccessSettingsError
from modelyard_serving.answering.catalog import Beside, Catalog
from modelyard_serving.answering.reporting import Report
from modelyard_serving.hosting.crew import Crew, Member
from modelyard_serving.hosting.listeners import address_of, open_listeners
from modelyard_serving.hosting.tryouts import Tryouts
from modelyard_serving.hosting.vetting import vet
from modelyard_serving.hosting.watcher import Watcher
from modelyard_serving.hosting.worker import Openings
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.records import DirectLog
from modelyard_serving.observing.tracing import TracingError
from modelyard_serving.rollouts.verdicts import weight_of
from modelyard_serving.settings import Settings

STOP_MARGIN_SECONDS = 3.0
"""Beyond the time that requests may take: how long workers may need to end."""
CANNOT_LISTEN, WRONG_SETTINGS = 1, 3
_TURN_SECONDS = 0.05
_CHANGING_SECONDS = 0.005
_READ_BYTES = 1024


class StoppingError(Exception):
    """The process was told to stop while it was loading a model."""


class Host:
    """One model API process.

    Args:
        settings: How it runs.
        log: Where it writes what happened.
        openings: Who may ask, and where traces go.
    """

    def __init__(self, settings: Settings, log: DirectLog, openings: Openings) -> None:
        self._openings = openings
        self._settings = settings
        self._log = log
        self._catalog = Catalog()
        self._events = selectors.DefaultSelector()
        self._tryouts = Tryouts(settings.deployments, catalog=self._catalog, log=log)
        self._watcher = Watcher(
            settings.deployments,
            settings.bundles,
            catalog=self._catalog,
            log=log,
            load=self._load,
            tryouts=self._tryouts,
        )
        self._crew: Crew
        self._served: tuple[dict[str, ServedModel], dict[str, Beside]] = ({}, {})
        """What the newest generation serves."""
        self._stamp = 0
        """The catalog's stamp when the workers last heard of its condition."""
        self._reason: str | None = None
        """Why it stops, once it does."""
        self._hurried = False
        self._failing: str | None = None
        self._address = ""
        self._announced = False

    def run(self) -> bool:
        """Serve until told to stop. False where it cannot listen."""
        try:
            listeners = open_listeners(self._settings.host, self._settings.port, count=self._settings.workers)
        except OSError as error:
            where = {"host": self._settings.host, "port": self._settings.port}
            self._log.event("cannot_listen", **where, reason=error.strerror)
            return False
        self._address = address_of(listeners)
        self._crew = Crew(
            settings=self._settings,
            catalog=self._catalog,
            listeners=listeners,
            events=self._events,
            log=self._log,
            openings=self._openings,
        )
        self._take_signals()
        self._crew.renew()
        self._serve()
        self._stop()
        self._log.event("stopped")
        return True

    def _take_signals(self) -> None:
        """A signal only leaves a byte in a pipe: it comes between any two instructions, where nothing else is safe."""
        receiving, sending = os.pipe()
        os.set_blocking(sending, False)
        signal.set_wakeup_fd(sending, warn_on_full_buffer=False)
        for sent in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sent, lambda *_: None)
        self._events.register(receiving, selectors.EVENT_READ, self._signalled)
        if self._settings.until_stdin_closes:
            self._events.register(sys.stdin.fileno(), selectors.EVENT_READ, self._stdin)

    def _serve(self) -> None:
        look_at = 0.0
        while self._reason is None:
            self._turn(_CHANGING_SECONDS if self._crew.changing else _TURN_SECONDS)
            if time.monotonic() >= look_at:
                self._look()
                look_at = time.monotonic() + self._settings.poll_seconds

    def _announce(self) -> None:
        self._announced = True
        if self._settings.announce is not None:
            write_atomically(self._settings.announce, self._address.encode())
        self._log.event("listening", address=self._address, pid=os.getpid(), workers=self._settings.workers)

    def _turn(self, seconds: float) -> None:
        """Take what has come, or wait a moment for it, and see to the workers."""
        for key, _ in self._events.select(seconds):
            if isinstance(key.data, Member):
                self._crew.hear(key.data, answer=self._answer)
            else:
                key.data(key.fd)
        self._crew.look()
        if not self._announced and self._crew.accepting:
            self._announce()

    def _look(self) -> None:
        """Bring what is served in line with the deployment pointers."""
        try:
            self._watcher.look()
            self._failing = None
        except StoppingError:
            return
        except Exception as error:
            # Storage that fails now may answer later; until then what is served is served.
            if self._failing != (failing := repr(error)):
                self._failing = failing
                self._log.event("watch_failed", reason=failing)
        if (served := (self._catalog.served, self._catalog.tried)) != self._served:
            self._served = served
            for beside in self._catalog.tried.values():
                state = self._tryouts.states[beside.rollout.id]
                self._crew.weights[beside.rollout.id] = weight_of(beside.rollout, state)
            self._crew.renew()
        self._tryouts.look(self._counted, self._crew.weigh)
        self._tell()

    def _tell(self) -> None:
        """Let the workers know what is on its way and what was refused."""
        if self._stamp != self._catalog.stamp:
            self._stamp = self._catalog.stamp
            self._crew.tell({"condition": self._catalog.condition()})

    def _load(self, pointer: Pointer) -> ServedModel:
        self._tell()
        return vet(pointer, self._settings, meanwhile=self._meanwhile)

    def _meanwhile(self) -> None:
        self._turn(0)
        if self._reason is not None:
            raise StoppingError

    def _answer(self, question: dict[str, Any]) -> object:
        """What a worker wants to know for one of its clients."""
        crew = self._crew
        report = Report(
            catalog=self._catalog,
            segments=crew.segments,
            ledger=crew.ledger,
            states=self._tryouts.states,
            workers=crew.serving,
            restarts=crew.restarts,
        )
        match question:
            case {"ask": "metrics"}:
                return report.metrics().decode()
            case {"ask": "rollout", "model": str(model)}:
                return report.rollout(model)
        return None

    def _counted(self, beside: Beside) -> list[float] | None:
        return self._crew.ledger.area(beside.counts, self._crew.segments)

    def _signalled(self, handle: int) -> None:
        names = [signal.Signals(number).name for number in os.read(handle, _READ_BYTES)]
        stops = [name for name in names if name in ("SIGTERM", "SIGINT")]
        if not stops:
            return
        # A second signal does not wait for requests.
        self._hurried = self._reason is not None or len(stops) > 1
        self._reason = self._reason or stops[0]

    def _stdin(self, handle: int) -> None:
        if not os.read(handle, _READ_BYTES):
            self._events.unregister(handle)
            self._reason = self._reason or "stdin closed"

    def _stop(self) -> None:
        self._log.event("stopping", reason=self._reason)
        self._crew.stop()
        limit = self._settings.linger_seconds + max(1.0, self._settings.drain_seconds) + STOP_MARGIN_SECONDS
        until = time.monotonic() + limit
        while not self._crew.gone:
            if self._hurried or time.monotonic() > until:
                self._crew.kill()
            self._turn(_TURN_SECONDS)
        with suppress(OSError):
            self._events.close()


def serve(settings: Settings) -> int:
    """Run the model API until it is told to stop.

    Returns:
        The exit code: 0, 1 where it cannot listen, 3 where what it was told makes no sense.
    """
    log = DirectLog()
    try:
        openings = Openings.prepare(settings, log)
    except (AccessSettingsError, TracingError) as error:
        log.event("wrong_settings", reason=str(error))
        return WRONG_SETTINGS
    return 0 if Host(settings, log, openings).run() else CANNOT_LISTEN
