"""A service that starts in a moment: answers 200 on every path, and misbehaves on request.

`python -m modelyard_infra.testing.stand_in --port PORT [--ready-when FILE] [--sick-while FILE] [--in-child] [--fail]
[--give-away FILE]`
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType

from modelyard_infra.local import health
from modelyard_infra.local.processes import MARK

FAILURE_CODE = 3
POLL_SECONDS = 0.05


class Server(ThreadingHTTPServer):
    """Serves until the process ends."""

    daemon_threads = True
    request_queue_size = 16

    def __init__(self, port: int, sick_while: Path | None) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.sick_while = sick_while


class Answer(BaseHTTPRequestHandler):
    """Answers with the process id and its variables, or 503 while it is to be sick."""

    server: Server

    def do_GET(self) -> None:
        """Any path."""
        sick = self.server.sick_while is not None and self.server.sick_while.exists()
        body = json.dumps({"pid": os.getpid(), "variables": sorted(os.environ)}).encode()
        self.send_response(503 if sick else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Parses the command line and serves."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--ready-when", type=Path, help="listen only as soon as this file exists")
    parser.add_argument("--sick-while", type=Path, help="answer 503 while this file exists")
    parser.add_argument("--in-child", action="store_true", help="let a child process listen")
    parser.add_argument("--give-away", type=Path, help="unless this file exists, let a stranger take the port, and end")
    parser.add_argument("--fail", action="store_true", help="say something and end")
    options = parser.parse_args()
    if options.fail:
        sys.stderr.write("the stand-in was told to fail\n")
        sys.exit(FAILURE_CODE)
    if options.give_away is not None and not options.give_away.exists():
        _give_away(options.port, options.give_away)
    if options.in_child:
        _in_child(options.port)
    _await(options.ready_when)
    Server(options.port, options.sick_while).serve_forever()


def _in_child(port: int) -> None:
    child = subprocess.Popen([sys.executable, "-m", "modelyard_infra.testing.stand_in", "--port", str(port)])

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    sys.exit(child.wait())


def _give_away(port: int, file: Path) -> None:
    """Plays the race that is lost: a process that is not ours listens where this one was about to."""
    strangers = {name: value for name, value in os.environ.items() if name != MARK}
    command = [sys.executable, "-m", "modelyard_infra.testing.stand_in", "--port", str(port)]
    stranger = subprocess.Popen(command, env=strangers, start_new_session=True)
    waiting = threading.Event()
    while health.complaint(port, "/", seconds=1.0):
        waiting.wait(POLL_SECONDS)
    file.write_text(str(stranger.pid))
    sys.exit(FAILURE_CODE)


def _await(file: Path | None) -> None:
    waiting = threading.Event()
    while file is not None and not file.exists():
        waiting.wait(POLL_SECONDS)


if __name__ == "__main__":
    main()
