"""Sockets on one port, and none that two hosts would share."""

from __future__ import annotations

import socket

import pytest

from modelyard_serving.hosting.listeners import address_of, open_listeners


@pytest.fixture
def listeners():
    opened = []

    def begin(**options):
        found = open_listeners("127.0.0.1", **options)
        opened.extend(found)
        return found

    yield begin
    for listener in opened:
        listener.close()


@pytest.mark.parametrize("count", [1, 3])
def test_all_accept_on_one_port(listeners, count):
    found = listeners(port=0, count=count)
    assert len({listener.getsockname() for listener in found}) == 1
    assert len(found) == count
    port = found[0].getsockname()[1]
    assert address_of(found) == f"http://127.0.0.1:{port}"
    socket.create_connection(("127.0.0.1", port)).close()


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 2), (1, 2), (2, 1)])
def test_a_port_that_somebody_listens_on_is_refused(listeners, first, second):
    port = listeners(port=0, count=first)[0].getsockname()[1]
    with pytest.raises(OSError, match="in use"):
        listeners(port=port, count=second)


def test_an_address_of_version_6_is_written_in_brackets():
    found = open_listeners("::1", 0, count=1)
    try:
        assert address_of(found).startswith("http://[::1]:")
    finally:
        found[0].close()
