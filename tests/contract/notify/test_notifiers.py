"""What every notifier does, real or fake. The Teams adapter talks to a real HTTP server on this machine."""

import pytest

from modelyard.notify.every import EveryNotifier
from modelyard.notify.notification import Notification
from modelyard.notify.once import OnceNotifier
from modelyard.notify.outbox import OutboxNotifier, read_outbox
from modelyard.notify.teams import TeamsNotifier
from modelyard.testing.notify_fakes import RecordingNotifier

ADAPTERS = ["outbox", "teams", "every", "recording"]


def notification(number=0, **changes):
    words = {"kind": "test", "title": f"number {number}", "what": "w", "where": "h", "how_much": "1", "next_step": "n"}
    return Notification(**{**words, **changes})


@pytest.fixture(params=ADAPTERS)
def adapter(request, tmp_path, channel):
    """(makes the notifier as a new process would, tells how many notifications arrived)."""
    outbox, recording = tmp_path / "outbox.jsonl", RecordingNotifier()
    teams = OnceNotifier(TeamsNotifier(channel.url), tmp_path / "told")
    made = {
        "outbox": (lambda: OutboxNotifier(outbox), lambda: len(list(read_outbox(outbox)))),
        "teams": (lambda: teams, lambda: len(channel.messages)),
        "every": (lambda: EveryNotifier([OutboxNotifier(outbox), teams]), lambda: len(channel.messages)),
        "recording": (lambda: recording, lambda: len(recording.sent)),
    }
    return made[request.param]


def test_delivers_and_says_so(adapter):
    make, arrived = adapter
    assert make().notify(notification()).status == "sent"
    assert arrived() == 1


def test_tells_the_same_event_once_however_often_it_is_asked(adapter):
    make, arrived = adapter
    statuses = [make().notify(notification(event="x", title=f"try {number}")).status for number in range(3)]
    assert statuses == ["sent", "already sent", "already sent"]
    assert arrived() == 1


def test_tells_different_events_each(adapter):
    make, arrived = adapter
    for number in range(5):
        assert make().notify(notification(number)).status == "sent"
    assert arrived() == 5


@pytest.mark.parametrize("text", ["", "x" * 200_000, "line\nline", "\u2028 \x00 😀", '{"a": "b"}', "[a](b)"])
def test_takes_any_text(adapter, text):
    make, arrived = adapter
    one = notification(title=text, what=text, where=text, how_much=text, next_step=text, facts={"fact": text})
    assert make().notify(one).status == "sent"
    assert arrived() == 1


def test_answers_with_its_name_and_without_a_reason(adapter):
    make, _ = adapter
    delivery = make().notify(notification())
    assert delivery.by
    assert delivery.reason == ""
