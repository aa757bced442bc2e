"""A stand-in for the model API's host, and rollouts against it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from modelyard.release.rollouts import Rollouts
from modelyard.testing.rollout_fakes import NOW, Rehearsed
from modelyard_bundle import read_pointer, replace_pointer
from modelyard_bundle.rollout_state import write_rollout_state
from modelyard_serving.rollouts.verdicts import describe, resume, take_back


class Host:
    """Does with the pointers what the model API's host does, as far as its metadata shows it."""

    def __init__(self, deployments) -> None:
        self.deployments = deployments
        self.follows = True
        """Whether it takes rollouts up at all."""
        self.takes_back = ""
        """Why it takes every candidate back; empty if it does not."""
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document, headers = host.metadata() if "models" in self.path else ({}, {})
                body = json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                for name, value in {**headers, "content-length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def metadata(self):
        pointer = read_pointer(self.deployments, "tiny")
        if pointer is None:
            return None, {}
        found = {"versions": [pointer.version], "parameters": {}}
        if pointer.rollout is not None and self.follows:
            state = resume(self.deployments, "tiny", pointer.rollout, now=NOW)
            if self.takes_back:
                state = take_back(state, reason=self.takes_back, now=NOW)
                write_rollout_state(self.deployments, "tiny", state)
            found["parameters"]["rollout"] = describe(pointer.rollout, state)
        return found, {"x-model-version": pointer.version, "x-model-digest": pointer.digest}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def host(tmp_path):
    running = Host(tmp_path / "deployments")
    yield running
    running.close()


@pytest.fixture
def bundles(tmp_path):
    return tmp_path / "bundles"


@pytest.fixture
def versions(tiny, train, bundles):
    """Pointers to versions that are bundled: 1, 2, 3, and one that fails its rehearsal."""
    models = {"1": tiny, "2": train(seed=2), "3": train(seed=3), "bad": train(seed=2)}
    return {version: model.bundle(bundles, version) for version, model in models.items()}


@pytest.fixture
def deployment(host, bundles, versions):
    """Version 1 is deployed."""
    replace_pointer(host.deployments, versions["1"])
    return Rehearsed(bundles=bundles, deployments=host.deployments, live=host.url, seconds=5.0)


@pytest.fixture
def rollouts(deployment):
    return Rollouts(deployment=deployment, now=lambda: NOW)
