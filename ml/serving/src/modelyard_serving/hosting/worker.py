"""One worker: an event loop that answers on a socket which the host holds, and does what the host says."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import uvicorn

from modelyard_serving.access.caller import Access, OpenAccess
from modelyard_serving.access.opening import open_access
from modelyard_serving.access.settings import read_access_settings, refuse_open_door
from modelyard_serving.answering.app import Application
from modelyard_serving.answering.building import build_app
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.hosting.bounded import BoundedProtocol
from modelyard_serving.hosting.channel import WorkerEnd
from modelyard_serving.observing.counters import Segment
from modelyard_serving.observing.records import Log, LogWriter
from modelyard_serving.observing.tracing import NoTracing, Tracing, prepare_tracing
from modelyard_serving.refusals import RequestRefusedError
from modelyard_serving.settings import Settings

HEARTBEAT_SECONDS = 0.5
RETIRE_SECONDS = 6.0
"""How long a replaced worker waits for its clients to turn to the next one: a little longer than uvicorn keeps a
connection on which nothing is asked."""
_LOOK_SECONDS = 0.05
ACCESS_SECONDS = 3.0
"""How long a new worker waits for the keys that sign tokens; after that it refuses until it has them."""
ANSWER_SECONDS = 8.0
"""How long the host may take to answer a question that a client waits for."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Who may ask, and where traces go. Checked once by the host; threads begin in each worker: none survives a fork.

    What the host keeps of `access`, each new worker begins with: keys that were read or fetched outlive a swap.
    """

    access: Access = field(default_factory=OpenAccess)
    tracing: Callable[[Log], Tracing] = field(default=lambda _: NoTracing())

    @classmethod
    def prepare(cls, settings: Settings, log: Log) -> Openings:
        """Find faults before anything is served.

        Raises:
            AccessSettingsError: The access document is not in order, or is needed and not there.
            TracingError: Traces were asked for and cannot be made.
        """
        document = None if settings.access is None else read_access_settings(settings.access)
        refuse_open_door(document, settings.host)
        return cls(
            open_access(document, tell=log.event),
            prepare_tracing(settings.otlp_endpoint, share=settings.trace_share),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPlan:
    """What a worker is born with."""

    settings: Settings
    catalog: Catalog
    segment: Segment
    openings: Openings
    listener: socket.socket
    channel: socket.socket


def run_worker(plan: WorkerPlan) -> NoReturn:
    """Answer until the host says otherwise or has ended; then end this process."""
    # The host is told to stop, and tells its workers. A signal to the whole group must not reach them first.
    for sent in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sent, signal.SIG_IGN)
    log = LogWriter()
    worker = Worker(plan, log)
    config = uvicorn.Config(
        worker.app,
        interface="asgi3",
        loop="uvloop",
        http=BoundedProtocol,
        # Nobody's word is taken for where a request comes from.
        proxy_headers=False,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        # None would wait without limit; whole seconds are what uvicorn takes.
        timeout_graceful_shutdown=max(1, round(plan.settings.drain_seconds)),
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(Server(config, worker).serve(sockets=[plan.listener]))
        worker.end()
        log.close()
        # The drain limit holds for threads as well: a prediction that never ends must not keep the process alive,
        # and the interpreter would wait for it.
        os._exit(0)


class Worker:
    """What the worker knows and does beside answering."""

    def __init__(self, plan: WorkerPlan, log: LogWriter) -> None:
        self.plan = plan
        self.log = log
        self.accept = asyncio.Event()
        """The host says when: until then the worker before answers alone."""
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="predict")
        self._questions: dict[int, asyncio.Future[Any]] = {}
        self._end: WorkerEnd | None = None
        self._asked = 0
        self.server: Server | None = None
        self.app: Application = build_app(
            plan.settings,
            catalog=plan.catalog,
            segment=plan.segment,
            log=log,
            threads=self._threads,
            reports=self,
            access=plan.openings.access,
            tracing=plan.openings.tracing(log),
        )

    def end(self) -> None:
        """Nothing is asked any more."""
        self.app.predicting.flush()
        self.app.access.close()
        self.app.tracing.close()

    async def begin(self) -> None:
        """Say that this worker is ready, and listen to the host from now on."""
        self.app.access.start(wait_seconds=ACCESS_SECONDS)
        for model in self.plan.catalog.versions:
            model.warm()
        self._end = await WorkerEnd.open(self.plan.channel)
        self._beat()
        self._listening = asyncio.get_running_loop().create_task(self._listen())
        self._end.send({"is": "ready"})

    def _beat(self) -> None:
        self.plan.segment.heartbeat = time.monotonic()
        self.app.predicting.flush()
        asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._beat)

    async def _listen(self) -> None:
        assert self._end is not None
        while (message := await self._end.read()) is not None:
            self._do(message)
        # The host has ended; whatever its reason, nobody else will ever answer on this socket.
        self._stop()

    def _do(self, message: dict[str, Any]) -> None:
        match message:
            case {"do": "accept"}:
                self.accept.set()
            case {"do": "retire"}:
                self._retire()
            case {"do": "stop"}:
                self._stop()
            case {"condition": condition}:
                self.plan.catalog.learn(condition)
            case {"answer": answer, "to": int(number)}:
                waiting = self._questions.pop(number, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)

    async def metrics(self) -> bytes:
        """The answer to Prometheus, which the host gives: it knows the counters of all workers."""
        text: str = await self._ask({"ask": "metrics"})
        return text.encode()

    async def rollout(self, model: str) -> dict[str, Any] | None:
        """How the rollout of a model stands, which the host knows."""
        found: dict[str, Any] | None = await self._ask({"ask": "rollout", "model": model})
        return found

    async def _ask(self, question: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever the host answers
        assert self._end is not None
        self._asked += 1
        number = self._asked
        waiting = self._questions[number] = asyncio.get_running_loop().create_future()
        self._end.send({**question, "number": number})
        try:
            return await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except TimeoutError as error:
            # It is loading a model, or busy with other workers.
            message = "the host did not answer in time; ask again"
            raise RequestRefusedError("busy", message, status=503, headers={"retry-after": "1"}) from error
        finally:
            self._questions.pop(number, None)

    def _retire(self) -> None:
        """Another worker takes over: accept nothing more, and ask clients to come back on a new connection."""
        self.app.closing = True
        self.accept.set()
        if self.server is not None:
            self.server.stop_accepting()
            self._retiring = asyncio.get_running_loop().create_task(self.server.leave_when_idle(RETIRE_SECONDS))
        if self._end is not None:
            self._end.send({"is": "retired"})

    def _stop(self) -> None:
        """The whole model API stops: be visibly not ready for a moment, so that callers can turn away, then drain."""
        if self.plan.catalog.draining:
            return
        self.plan.catalog.draining = True
        self.accept.set()
        if self.server is not None:
            asyncio.get_running_loop().call_later(self.plan.settings.linger_seconds, self.server.leave)


class Server(uvicorn.Server):
    """Uvicorn that begins to accept when it is told to, and stops without closing what is under way."""

    def __init__(self, config: uvicorn.Config, worker: Worker) -> None:
        super().__init__(config)
        self._worker = worker
        worker.server = self

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the host."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Be ready first; accept when the host says so."""
        await self._worker.begin()
        await self._worker.accept.wait()
        if self._worker.app.closing:
            self.should_exit = True
            return
        await super().startup(sockets)

    def stop_accepting(self) -> None:
        """Leave new connections to the next worker, which has the same socket."""
        for server in getattr(self, "servers", []):
            server.close()

    async def leave_when_idle(self, seconds: float) -> None:
        """End once no client is connected any more, or after so many seconds."""
        until = time.monotonic() + seconds
        while self.server_state.connections and time.monotonic() < until:
            await asyncio.sleep(_LOOK_SECONDS)
        self.leave()

    def leave(self) -> None:
        """End after what is under way."""
        self.should_exit = True
