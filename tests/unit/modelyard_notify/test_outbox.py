"""The outbox keeps whole lines, whatever happens to its writers."""

import json
from datetime import UTC, datetime

import pytest
from filelock import FileLock

from modelyard.notify.notification import Notification
from modelyard.notify.outbox import OutboxNotifier, read_outbox


def notification(number=0, **changes):
    words = {"kind": "test", "title": f"number {number}", "what": "w", "where": "h", "how_much": "1", "next_step": "n"}
    return Notification(**{**words, **changes})


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "outbox.jsonl"


def test_one_line_for_one_notification_with_its_time(file):
    OutboxNotifier(file, clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)).notify(notification(facts={"é": "ü"}))
    (line,) = file.read_text(encoding="utf-8").splitlines()
    document = json.loads(line)
    assert document["at"] == "2026-01-02T03:04:05+00:00"
    assert document["facts"] == {"é": "ü"}


def test_a_line_break_in_a_text_does_not_break_the_line(file):
    OutboxNotifier(file).notify(notification(what="one\ntwo\u2028three"))
    (document,) = read_outbox(file)
    assert document["what"] == "one\ntwo\u2028three"


def test_a_line_that_a_killed_writer_left_unfinished_is_taken_away(file):
    outbox = OutboxNotifier(file)
    outbox.notify(notification(1))
    with file.open("ab") as torn:
        torn.write(b'{"id": "0123')
    assert [document["title"] for document in read_outbox(file)] == ["number 1"]
    outbox.notify(notification(2))
    assert [json.loads(line)["title"] for line in file.read_text(encoding="utf-8").splitlines()] == [
        "number 1",
        "number 2",
    ]


def test_a_foreign_line_is_left_alone(file):
    file.parent.mkdir()
    file.write_text("not ours\n[1]\n", encoding="utf-8")
    assert OutboxNotifier(file).notify(notification()).status == "sent"
    assert file.read_text(encoding="utf-8").startswith("not ours\n[1]\n")
    assert len(list(read_outbox(file))) == 1


def test_an_outbox_that_is_not_there_is_empty(file):
    assert list(read_outbox(file)) == []


def test_an_outbox_that_cannot_be_written_is_an_answer_and_a_warning(tmp_path, caplog):
    (tmp_path / "blocked").write_text("a file, not a folder", encoding="utf-8")
    delivery = OutboxNotifier(tmp_path / "blocked" / "outbox.jsonl").notify(notification())
    assert delivery.status == "failed"
    assert "outbox" in delivery.by
    assert delivery.reason
    assert notification().id in caplog.text


def test_a_writer_waits_for_another_and_writes_nothing_while_it_cannot_know(file):
    file.parent.mkdir()
    with FileLock(f"{file}.lock"):
        delivery = OutboxNotifier(file, patience=0).notify(notification())
        assert (delivery.status, delivery.reason) == ("failed", f"{file}: locked by another process")
        assert not file.exists()
    assert OutboxNotifier(file, patience=0).notify(notification()).status == "sent"
