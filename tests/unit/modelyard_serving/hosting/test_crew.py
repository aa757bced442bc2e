"""A host that gets no process from the system keeps what it has, and tries again."""

from __future__ import annotations

import io
import json
import os
import selectors

import pytest

from modelyard_serving.answering.catalog import Catalog
from modelyard_serving.hosting import crew as module
from modelyard_serving.hosting.crew import Crew
from modelyard_serving.hosting.listeners import open_listeners
from modelyard_serving.observing.records import LogWriter
from modelyard_serving.settings import Settings


@pytest.fixture
def world(tmp_path):
    """A crew without workers, and its log."""
    sink, listeners, events = io.BytesIO(), open_listeners("127.0.0.1", 0, count=2), selectors.DefaultSelector()
    log = LogWriter(sink)
    settings = Settings(deployments=tmp_path, bundles=tmp_path)
    yield Crew(settings=settings, catalog=Catalog(), listeners=listeners, events=events, log=log), log, sink
    log.close()
    events.close()
    for listener in listeners:
        listener.close()


def test_a_fork_that_fails_is_told_and_tried_again_after_a_pause(world, monkeypatch):
    crew, log, sink = world
    tries = []

    def fail():
        tries.append(1)
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fail)
    crew.renew()
    assert (crew.serving, crew.accepting, crew.gone) == (0, False, True)
    before = len(tries)
    crew.look()
    assert len(tries) == before
    monkeypatch.setattr(module, "_LONGEST_PAUSE_SECONDS", 0.0)
    crew._again_at = 0.0
    crew.look()
    assert len(tries) > before
    log.close()
    events = [json.loads(line) for line in sink.getvalue().splitlines()]
    assert {(event["event"], event["reason"]) for event in events} == {
        ("cannot_fork", "Resource temporarily unavailable")
    }
