"""Real model API processes, each on a port of its own, gone when the test is over."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from modelyard.release.calling import Answer, ModelApi
from modelyard.release.deployment import Deployment
from modelyard.testing.release_fakes import TinyModel, train_tiny, wrap_pipeline


def wait_until(condition: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """What `condition` gives once it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not so after {seconds} seconds: {condition}")


@dataclass
class Process:
    """One model API process and its folders."""

    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    stderr: Any = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.bundles, self.deployments = self.folder / "bundles", self.folder / "deployments"
        self.announced, self.log = self.folder / "address", self.folder / "log"
        command = [sys.executable, "-m", "modelyard_serving", "--port", "0", "--until-stdin-closes"]
        folders = {"deployments": str(self.deployments), "bundles": str(self.bundles)}
        command += [part for name, value in (folders | self.options).items() for part in (f"--{name}", value)]
        command += ["--announce", str(self.announced)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=self.stderr or log)

    @property
    def url(self) -> str:
        wait_until(self.announced.exists)
        return self.announced.read_text()

    @property
    def api(self) -> ModelApi:
        return ModelApi(self.url)

    def ready(self, version: str | None = None) -> Answer:
        """Wait until it is ready; with that version, if one is given."""

        def is_ready() -> Answer | None:
            answer = self.api.get("/v2/health/ready")
            right = version is None or answer.headers.get("x-model-version") == version
            return answer if answer.status == 200 and right else None

        return wait_until(is_ready)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_bytes().splitlines()]

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        if self.process.stderr is not None:
            self.process.stderr.close()


@cache
def tiny_model(**options: Any) -> TinyModel:
    return train_tiny(**options)


@pytest.fixture(scope="session")
def train() -> Callable[..., TinyModel]:
    """Trains each kind of tiny model once."""
    return tiny_model


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts model API processes."""
    started: list[Process] = []

    def begin(*, stderr: Any = None, **options: str) -> Process:
        named = {name.replace("_", "-"): value for name, value in options.items()}
        started.append(Process(tmp_path / f"api{len(started)}", named, stderr))
        return started[-1]

    yield begin
    for process in started:
        process.close()


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """Waits for a condition."""
    return wait_until


@dataclass
class Load:
    """Clients that ask without pause, and keep what they were told."""

    url: str
    body: bytes
    clients: int = 4
    answers: list[tuple[int, str, str, float]] = field(default_factory=list)
    """Status, version in the header, version in the body, probability."""
    failures: list[str] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        import http.client
        from urllib.parse import urlsplit

        parts = urlsplit(self.url)
        # Kept alive, as a real client's connection is: each one lives through every replacement.
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        while not self._stop.is_set():
            try:
                connection.request("POST", "/invocations", self.body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                document = json.loads(response.read())
                self.answers.append(
                    (
                        response.status,
                        response.headers["x-model-version"],
                        document["model"]["version"],
                        document["predictions"][0]["probability"],
                    )
                )
            except Exception as error:
                self.failures.append(repr(error))
                # What is left of this exchange must not be taken for the next one's.
                connection.close()
        connection.close()


@pytest.fixture(scope="session")
def load() -> type[Load]:
    """Keeps a model API busy."""
    return Load


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One live model API for many tests: what takes it long is to load scikit-learn for the first time."""
    process = Process(tmp_path_factory.mktemp("shared"))
    yield process
    process.close()


@pytest.fixture
def live(shared: Process) -> Iterator[Process]:
    """The shared model API, serving nothing yet. A test that ends it must start one of its own."""
    yield shared
    shutil.rmtree(shared.deployments, ignore_errors=True)
    wait_until(lambda: shared.api.get("/v2").json()["models"] == [])
    shutil.rmtree(shared.bundles, ignore_errors=True)


@pytest.fixture
def deployment(live: Process) -> Deployment:
    """Deploys to the live model API."""
    return Deployment(bundles=live.bundles, deployments=live.deployments, live=live.url, load_seconds=0.3)


@pytest.fixture
def again(start: Callable[..., Process]) -> Callable[[Process], Process]:
    """Starts a model API over the folders of one that has ended."""

    def begin(old: Process) -> Process:
        process = start(deployments=str(old.deployments), bundles=str(old.bundles))
        process.deployments, process.bundles = old.deployments, old.bundles
        return process

    return begin


def _over_tiny_rows(steps: list[Any], names: list[str]) -> tuple[Any, Any]:
    """A pipeline over some of the tiny features, fitted, and the rows it was fitted on."""
    import numpy as np
    import polars as pl
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    random = np.random.default_rng(3)
    frame = pl.DataFrame(
        {
            "distance": random.uniform(100, 5000, 200),
            "hour": random.integers(0, 24, 200),
            "carrier": random.choice(["AA", "DL", "UA"], 200),
            "weekend": random.random(200) < 0.3,
        }
    )[names]
    target = (np.arange(200) % 2).astype(int)
    return Pipeline([*steps, ("estimator", LogisticRegression())]).fit(frame, target), frame


@pytest.fixture(scope="session")
def failing() -> TinyModel:
    """A model that passes every check, and fails on hours below zero, which others answer."""
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer

    steps = [("columns", ColumnTransformer([("root", FunctionTransformer(np.sqrt), ["hour"])]))]
    pipeline, frame = _over_tiny_rows(steps, ["distance", "hour", "carrier", "weekend"])
    return wrap_pipeline(pipeline, frame[:3], name="tiny", task="binary")


@pytest.fixture(scope="session")
def narrow() -> TinyModel:
    """A model that takes fewer features."""
    from dataclasses import replace

    pipeline, frame = _over_tiny_rows([], ["hour"])
    model = wrap_pipeline(pipeline, frame[:3], name="tiny", task="binary")
    kept = tuple(feature for feature in model.signature.features if feature.name == "hour")
    return replace(model, signature=replace(model.signature, features=kept))


@pytest.fixture(scope="module")
def serving(shared: Process, train: Callable[..., TinyModel], until: Callable[..., Any]) -> Iterator[Process]:
    """The live model API, serving one model to all tests of a module."""
    train().deploy(shared.bundles, shared.deployments, version="1")
    shared.ready("1")
    yield shared
    shutil.rmtree(shared.deployments)
    until(lambda: shared.api.get("/v2").json()["models"] == [])
    shutil.rmtree(shared.bundles)
