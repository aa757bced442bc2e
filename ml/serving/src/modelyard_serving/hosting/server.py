"""The process: listens, serves, and on a signal stops being ready, drains and ends with exit code 0."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn

from modelyard_bundle import write_atomically
from modelyard_serving.answering.app import build_app
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.settings import Settings


class Server(uvicorn.Server):
    """Uvicorn that goes on accepting for a moment after SIGTERM, visibly not ready, before it drains."""

    def __init__(self, config: uvicorn.Config, *, catalog: Catalog, log: LogWriter, settings: Settings) -> None:
        super().__init__(config)
        self._catalog = catalog
        self._log = log
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ask the event loop to stop. A second signal does not wait for requests."""
        del frame
        # A signal comes between any two instructions, perhaps while a lock is held that the log needs as well. So
        # nothing is done here but to leave a note for the event loop.
        self.force_exit = self._told
        self._told = True
        self.stop_soon(signal.Signals(sig).name)

    def stop_soon(self, reason: str) -> None:
        """Begin to stop, from a signal handler or another thread."""
        if self._loop is None or self.force_exit:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._stop, reason)

    def _stop(self, reason: str) -> None:
        if self._catalog.draining:
            return
        self._catalog.draining = True
        self._log.event("stopping", reason=reason)
        asyncio.get_running_loop().call_later(self._settings.linger_seconds, self._leave)

    def _leave(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say where."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if not self.started or not sockets:
            return
        host, port = sockets[0].getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        if self._settings.announce is not None:
            write_atomically(self._settings.announce, address.encode())
        self._log.event("listening", address=address, pid=os.getpid())


def serve(settings: Settings) -> None:
    """Run the model API until it is told to stop, and end the process with 0. Returns only where it cannot listen."""
    log = LogWriter()
    catalog = Catalog()
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as error:
        log.event("cannot_listen", host=settings.host, port=settings.port, reason=error.strerror)
        log.close()
        return
    config = uvicorn.Config(
        build_app(settings, catalog=catalog, log=log),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        # None would wait without limit; whole seconds are what uvicorn takes.
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    server = Server(config, catalog=catalog, log=log, settings=settings)
    if settings.until_stdin_closes:
        threading.Thread(target=_stop_with_stdin, args=(server,), name="stdin", daemon=True).start()
    with listener, asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
        log.event("stopped")
        log.close()
        # The drain limit holds for threads as well: a prediction that never ends must not keep the process alive,
        # and the interpreter would wait for it.
        os._exit(0)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _stop_with_stdin(server: Server) -> None:
    # Reads the handle itself: a buffered reader would hold a lock that the interpreter needs when it ends.
    while os.read(sys.stdin.fileno(), 1024):
        continue
    server.stop_soon("stdin closed")
