import contextlib
import io
import json
import os
import threading
from pathlib import Path

from modelyard_serving.observing import records
from modelyard_serving.observing.records import DirectLog, LogWriter


class Buffered(io.RawIOBase):
    """A sink that keeps what is not flushed, and lets the first line through only when the test says so."""

    def __init__(self):
        self.waiting, self.out = [], []
        self.go = threading.Event()

    def write(self, line):
        self.go.wait(timeout=10)
        self.waiting.append(bytes(line))
        return len(line)

    def flush(self):
        self.out += self.waiting
        self.waiting = []


def test_the_last_line_is_out_when_the_log_is_closed_however_the_threads_run():
    sink = Buffered()
    log = LogWriter(sink)
    log.event("stopping")
    log.event("stopped")
    closing = threading.Thread(target=lambda: log.close(seconds=10))
    closing.start()
    sink.go.set()
    closing.join(timeout=10)
    assert [b"stopping" in sink.out[0], b"stopped" in sink.out[-1]] == [True, True]


def test_a30_the_clock_of_the_day_is_told_and_never_measured_with():
    """It may step back. Every limit is held against the monotonic clock."""
    source = Path(records.__file__).parents[1]
    told = {file.name for file in source.rglob("*.py") if "time.time()" in file.read_text(encoding="utf-8")}
    assert told == {"records.py"}


class Slow(io.RawIOBase):
    """A pipe that takes nothing."""

    def write(self, _):
        raise BlockingIOError


def test_lines_that_a_sink_refuses_stop_nobody():
    log = LogWriter(Slow())
    log.event("request")
    log.close(seconds=10)
    assert not log._thread.is_alive()


def test_a_direct_log_drops_what_a_full_pipe_does_not_take_and_says_how_much():
    receiving, sending = os.pipe()
    for end in (receiving, sending):
        os.set_blocking(end, False)
    log = DirectLog(sending)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(sending, b"x" * 4096)
    log.event("one")
    log.event("two")
    with contextlib.suppress(BlockingIOError):
        while True:
            os.read(receiving, 1 << 16)
    log.event("three")
    assert json.loads(os.read(receiving, 1 << 16).splitlines()[-1])["dropped_before"] == 2
    os.close(receiving)
    os.close(sending)
