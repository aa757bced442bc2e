import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Channel:
    """A Teams Workflow as far as a client sees it: takes messages, or answers as it is told to."""

    def __init__(self):
        self.messages = []
        self.bodies, self.headers = [], []
        self.requests = 0
        self.answers = []
        """(status, headers) of the next answers; then 202."""
        self.url = ""


@pytest.fixture
def channel():
    """A real HTTP server on a free port of this machine."""
    state = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests += 1
            state.bodies.append(body)
            state.headers.append(dict(self.headers))
            status, headers = state.answers.pop(0) if state.answers else (202, {})
            if status == 202:
                state.messages.append(json.loads(body))
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  (the names are the library's)

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/workflows/CANARY/invoke?sig=CANARY"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()
