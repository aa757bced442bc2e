import subprocess
import sys
import threading

import pytest

from modelyard.errors import LakeBusyError, exit_code_of
from modelyard.lake.locks import writing


def test_a_second_writer_is_refused_with_the_name_of_the_first_and_may_retry(tmp_path):
    with writing(tmp_path, "flights"):
        second = writing(tmp_path, "flights", patience=0)
        with pytest.raises(LakeBusyError, match=r"flights is being written by process \d+ since") as refused, second:
            pytest.fail("two writers at once")
        assert exit_code_of(refused.value) == 75


def test_a_second_writer_waits_and_is_told_so(tmp_path):
    told, entered = [], threading.Event()

    def second():
        with writing(tmp_path, "flights", patience=30, waiting=lambda line: (told.append(line), entered.set())):
            pass

    with writing(tmp_path, "flights"):
        thread = threading.Thread(target=second)
        thread.start()
        assert entered.wait(timeout=10)
        assert thread.is_alive()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert "waiting" in told[0]


def test_writers_of_different_things_do_not_wait_for_each_other(tmp_path):
    with writing(tmp_path, "flights"), writing(tmp_path, "weather", patience=0):
        assert (tmp_path / "flights.holder").exists()


def test_a_writer_that_was_killed_leaves_no_lock_behind(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from modelyard.lake.locks import writing\n"
        "with writing(Path(sys.argv[1]), 'flights'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == -9
    with writing(tmp_path, "flights", patience=0):
        assert (tmp_path / "flights.holder").read_text().startswith("process")
