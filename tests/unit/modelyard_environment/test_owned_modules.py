"""Files of people's folders are run as they stand, and nothing is left beside them."""

import os
import sys

import pytest

from modelyard.environment.owned_modules import run_module


@pytest.fixture(autouse=True)
def _python_writes_bytecode(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_nothing_is_left_beside_the_file_and_among_the_modules(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("ANSWER = 42\n")
    assert run_module(file, "owned.model").ANSWER == 42
    assert list(tmp_path.iterdir()) == [file]
    assert "owned.model" not in sys.modules


def test_a_changed_file_is_read_anew_even_if_its_time_and_size_are_the_same(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("ANSWER = 1\n")
    os.utime(file, (1, 1))
    assert run_module(file, "owned.model").ANSWER == 1
    file.write_text("ANSWER = 2\n")
    os.utime(file, (1, 1))
    assert run_module(file, "owned.model").ANSWER == 2


def test_what_goes_wrong_in_it_is_raised_and_nothing_stays(tmp_path):
    file = tmp_path / "model.py"
    file.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        run_module(file, "owned.model")
    assert "owned.model" not in sys.modules
