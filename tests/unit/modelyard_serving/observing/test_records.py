import io
import threading

from modelyard_serving.observing.records import LogWriter


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
