"""What holds for every test."""

from __future__ import annotations

import http.server
import sys
import threading

import pytest

# A test process of xdist has a main module without a file. PySpark takes such a process for a run of its own doctests
# and ends it, and Great Expectations imports PySpark wherever it is installed.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__


class _Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        content = self.rfile.read(int(self.headers["content-length"]))
        self.server.posts.append((self.path, self.headers.get("content-type"), content))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    """An OpenTelemetry collector that takes everything: path, content type and content of each post in `posts`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    server.daemon_threads = True
    server.posts = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
