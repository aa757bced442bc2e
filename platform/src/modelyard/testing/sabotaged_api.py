"""A model API whose every answer is falsified on its way out, so that a test suite has something to catch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI application."""
TURNS = 3
"""Of the event loop, before an answer goes out."""


@dataclass
class Told:
    """One answer on its way out, to be falsified."""

    method: str
    path: str
    asked: bytes
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    under_way: int
    """How many requests the API was answering at that moment, this one included."""

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON with no bytes after it."""
        return self.body.startswith(b"{") and b"inference-header-content-length" not in self.headers

    @property
    def rows(self) -> int:
        """Of a prediction."""
        length = int(self.headers.get(b"inference-header-content-length", len(self.body)))
        document = json.loads(self.body[:length])
        rows: int = document["outputs"][0]["shape"][0] if "outputs" in document else len(document["predictions"])
        return rows

    def is_prediction(self, where: str) -> bool:
        """Whether it is a prediction, and its path ends like this."""
        return self.path.endswith(where) and self.status == HTTPStatus.OK

    def edit(self, change: Callable[[Any], object]) -> None:
        """Changes the JSON of the body in place."""
        document = json.loads(self.body)
        change(document)
        self.body = json.dumps(document).encode()


Sabotage = Callable[[Told], None]


def falsified(app: Application, sabotage: Sabotage) -> Application:
    """The application with every answer falsified on its way out."""
    under_way: set[int] = set()

    async def outer(scope: Message, receive: Receive, send: Send) -> None:
        asked = b""
        messages: list[Message] = []

        async def hear() -> Message:
            nonlocal asked
            message = await receive()
            asked += message.get("body", b"")
            return message

        async def keep(message: Message) -> None:
            messages.append(message)

        under_way.add(id(messages))
        await app(scope, hear, keep)
        # Others come in meanwhile, if there are any.
        for _ in range(TURNS):
            await asyncio.sleep(0)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        status, headers = messages[0]["status"], dict(messages[0]["headers"])
        told = Told(scope["method"], scope["path"], asked, status, headers, body, len(under_way))
        under_way.discard(id(messages))
        sabotage(told)
        told.headers[b"content-length"] = str(len(told.body)).encode()
        await send({"type": "http.response.start", "status": told.status, "headers": list(told.headers.items())})
        await send({"type": "http.response.body", "body": told.body})

    return outer
