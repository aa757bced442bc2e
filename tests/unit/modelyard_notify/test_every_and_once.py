"""Everybody is told, once, and nobody's failure is anybody else's."""

import pytest

from modelyard.notify.every import EveryNotifier
from modelyard.notify.notification import Notification
from modelyard.notify.once import OnceNotifier
from modelyard.testing.notify_fakes import FailingNotifier, RaisingNotifier, RecordingNotifier

ONE = Notification("test", "title", "what", "where", "1", "next")


class Forgetful:
    """Delivers every time, like Teams."""

    def __init__(self):
        self.told = 0

    def notify(self, notification):
        self.told += 1
        return RecordingNotifier().notify(notification)


@pytest.mark.parametrize("broken", [FailingNotifier(), RaisingNotifier("CANARY")])
@pytest.mark.parametrize("first", [True, False])
def test_one_that_fails_keeps_nobody_else_from_being_told(broken, first, caplog):
    recording = RecordingNotifier()
    delivery = EveryNotifier([broken, recording] if first else [recording, broken]).notify(ONE)
    assert recording.sent == [ONE]
    assert delivery.status == "sent"
    assert {part.status for part in delivery.parts} == {"sent", "failed"}
    assert "CANARY" not in caplog.text + delivery.reason


def test_failed_means_that_nobody_was_told():
    assert EveryNotifier([FailingNotifier(), RaisingNotifier()]).notify(ONE).status == "failed"


def test_told_again_is_already_sent():
    every = EveryNotifier([RecordingNotifier(), RecordingNotifier()])
    assert [every.notify(ONE).status for _ in range(2)] == ["sent", "already sent"]


def test_nobody_to_tell_is_no_failure():
    assert EveryNotifier([]).notify(ONE).status == "sent"


def test_a_bug_that_is_no_error_of_a_notifier_still_stops_the_process():
    class Interrupted:
        def notify(self, notification):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        EveryNotifier([Interrupted()]).notify(ONE)


def test_once_means_once_over_restarts(tmp_path):
    inner = Forgetful()
    statuses = [OnceNotifier(inner, tmp_path / "x" / "told").notify(ONE).status for _ in range(3)]
    assert statuses == ["sent", "already sent", "already sent"]
    assert inner.told == 1


def test_what_failed_is_tried_again_the_next_time(tmp_path):
    failing = FailingNotifier()
    for _ in range(2):
        assert OnceNotifier(failing, tmp_path / "told").notify(ONE).status == "failed"
    assert len(failing.asked) == 2


def test_a_memory_with_an_unfinished_line_still_works(tmp_path):
    memory = tmp_path / "told"
    memory.write_text("0123abc", encoding="utf-8")
    inner = Forgetful()
    for _ in range(2):
        OnceNotifier(inner, memory).notify(ONE)
    assert inner.told == 1


def test_better_twice_than_never_where_there_is_no_memory(tmp_path):
    (tmp_path / "blocked").write_text("", encoding="utf-8")
    inner = Forgetful()
    assert OnceNotifier(inner, tmp_path / "blocked" / "told").notify(ONE).status == "sent"
    (tmp_path / "folder").mkdir()
    assert OnceNotifier(inner, tmp_path / "folder").notify(ONE).status == "sent"
    assert inner.told == 2
