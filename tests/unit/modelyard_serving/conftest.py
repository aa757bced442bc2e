"""The model API in memory: real models, the real application, no socket."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from modelyard.testing.release_fakes import TinyModel, train_tiny
from modelyard_serving.answering.building import build_app
from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.answering.reporting import segment_for
from modelyard_serving.loading.gate import pass_gate
from modelyard_serving.loading.served import ServedModel
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.settings import Settings


@dataclass
class Reply:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.fault["code"]

    @property
    def message(self) -> str:
        return self.fault["message"]

    @property
    def request_id(self) -> str:
        return self.fault["request_id"]

    @property
    def fault(self) -> dict[str, str]:
        """The error, in the form that the Open Inference Protocol has for it or in the other one."""
        found = self.json
        if isinstance(found["error"], str):
            return {"code": found["code"], "message": found["error"], "request_id": found["request_id"]}
        return found["error"]


@dataclass
class Api:
    """The application, called without a network."""

    catalog: Catalog
    settings: Settings
    sink: io.BytesIO
    log: LogWriter

    def __post_init__(self) -> None:
        self.threads = ThreadPoolExecutor(max_workers=2)
        self.app = build_app(
            self.settings,
            catalog=self.catalog,
            segment=segment_for(self.catalog),
            log=self.log,
            threads=self.threads,
        )

    def close(self) -> None:
        self.log.close()
        self.threads.shutdown()

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        return asyncio.run(self.acall(method, path, body, **headers))

    async def acall(self, method: str, path: str, body: bytes = b"", *, parts: Any = None, **headers: str) -> Reply:
        reply = Reply()
        waiting = list(parts) if parts is not None else [body]

        async def receive() -> dict[str, Any]:
            if not waiting:
                await asyncio.Event().wait()
            part = waiting.pop(0)
            if callable(part):
                return await part()
            return {"type": "http.request", "body": part, "more_body": bool(waiting)}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                reply.headers = {key.decode(): value.decode() for key, value in message["headers"]}
            else:
                reply.body += message.get("body", b"")

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()],
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 1),
        }
        await self.app(scope, receive, send)
        return reply

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", path, host="127.0.0.1:8000", **headers)

    def post(self, path: str, body: Any, *, content_type: str = "application/json", **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", path, content, content_type=content_type, **headers)

    def events(self, name: str) -> list[dict[str, Any]]:
        """What was logged so far."""
        self.log.close()
        lines = [json.loads(line) for line in self.sink.getvalue().splitlines()]
        return [line for line in lines if line["event"] == name]


@cache
def tiny_model(**options: Any) -> TinyModel:
    return train_tiny(**options)


@pytest.fixture(scope="session")
def train() -> Callable[..., TinyModel]:
    """Trains each kind of tiny model once."""
    return tiny_model


@pytest.fixture(scope="session")
def tiny() -> TinyModel:
    return tiny_model()


@pytest.fixture(scope="session")
def load(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ServedModel]:
    """A tiny model through the real gate."""

    @cache
    def loaded(version: str = "1", **options: Any) -> ServedModel:
        bundles = tmp_path_factory.mktemp("bundles")
        return pass_gate(tiny_model(**options).bundle(bundles, version), bundles)

    return loaded


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """An application that serves the given models."""
    made: list[Api] = []

    def make(*models: ServedModel, **settings: Any) -> Api:
        catalog = Catalog()
        for model in models:
            catalog.serve(model)
        sink = io.BytesIO()
        options = Settings(deployments=tmp_path / "deployments", bundles=tmp_path / "bundles", **settings)
        made.append(Api(catalog, options, sink, LogWriter(sink)))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def api(make_api: Callable[..., Api], load: Callable[..., ServedModel]) -> Api:
    """An application that serves one binary model."""
    return make_api(load())
