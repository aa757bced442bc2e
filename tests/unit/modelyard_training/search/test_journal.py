"""The journal knows what was tried, and nothing else."""

import pytest

from modelyard_training.search.journal import Journal
from modelyard_training.search.trying import Outcome, Task

TASK = Task(0, {"strength": 0.1234567890123, "way": None, "deep": True})
OUTCOME = Outcome((0.25, 1 / 3), 1.5)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "searches" / "one.jsonl"


def test_a_trial_is_known_again_to_the_last_digit(file):
    Journal(file, key="k").write(TASK, OUTCOME)
    assert Journal(file, key="k").known(TASK) == OUTCOME


def test_a_failure_is_known_again_too(file):
    failed = Outcome((), 0.1, "ValueError: no such solver")
    Journal(file, key="k").write(TASK, failed)
    assert Journal(file, key="k").known(TASK) == failed


def test_the_journal_of_another_search_is_begun_anew(file):
    Journal(file, key="k").write(TASK, OUTCOME)
    assert Journal(file, key="other").known(TASK) is None
    assert Journal(file, key="k").known(TASK) is None


def test_a_trial_of_other_parameters_is_another_trial(file):
    Journal(file, key="k").write(TASK, OUTCOME)
    assert Journal(file, key="k").known(Task(0, {"strength": 0.2})) is None
    assert Journal(file, key="k").known(Task(1, TASK.parameters)) is None


def test_a_line_that_a_kill_has_cut_off_is_no_trial_and_spoils_no_other(file):
    Journal(file, key="k").write(TASK, OUTCOME)
    file.write_text(file.read_text() + '\n{"number": 1, "param')
    journal = Journal(file, key="k")
    second = Task(2, {"strength": 3.0})
    journal.write(second, OUTCOME)
    again = Journal(file, key="k")
    assert again.known(TASK) == OUTCOME
    assert again.known(second) == OUTCOME


def test_without_a_file_nothing_is_kept(tmp_path):
    journal = Journal(None, key="k")
    journal.write(TASK, OUTCOME)
    assert journal.known(TASK) is None
    assert list(tmp_path.iterdir()) == []
