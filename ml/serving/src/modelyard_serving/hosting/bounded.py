"""HTTP with a bounded head: the parser itself would keep an endless header in memory before anybody could refuse it."""

from __future__ import annotations

from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from modelyard_serving.answering.app import Application

MAX_HEAD_BYTES = 32 << 10
"""Request line and headers together. A token has at most 8 KiB, so nothing decent comes near."""


LINGER_SECONDS = 1.0


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, that answers 431 where the head of a request is too long and reads no further."""

    _in_head = False
    _arrived = 0
    """Bytes of the chunks that the head came in, but for the last one."""
    _refused = False

    def data_received(self, data: bytes) -> None:
        """Take what has come; nothing more of a connection that was refused."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_head:
            self._arrived += len(data)
            if self._arrived > MAX_HEAD_BYTES:
                self._refuse()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._arrived = True, 0

    def on_headers_complete(self) -> None:
        """A head is there: begin to answer, unless it is too long."""
        self._in_head = False
        if len(self.url) + sum([len(name) + len(value) for name, value in self.headers]) > MAX_HEAD_BYTES:
            self._refuse()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body; nobody reads that of a refused request."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        if not self._refused:
            super().on_message_complete()

    def _refuse(self) -> None:
        if self._refused:
            return
        self._refused = True
        body = cast("Application", self.app).refuse_head(MAX_HEAD_BYTES)
        self.transport.write(
            b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
        )
        # Not at once: who still sends would be reset, and never read why. What it sends is thrown away.
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
