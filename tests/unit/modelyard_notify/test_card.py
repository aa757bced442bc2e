"""The message for Teams: an Adaptive Card, never too large, never formatted by data."""

import json

import pytest

from modelyard.notify.card import LARGEST_MESSAGE, message
from modelyard.notify.notification import Notification


def notification(**changes):
    words = {
        "kind": "batch refused",
        "title": "flights was refused",
        "what": "too few rows",
        "where": "lake/quarantine",
        "how_much": "10 rows",
        "next_step": "modelyard data quarantine flights",
    }
    return Notification(**{**words, **changes})


def card(one):
    envelope = json.loads(message(one))
    (attachment,) = envelope["attachments"]
    assert envelope["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return attachment["content"]


def test_the_card_says_what_where_how_much_and_the_next_step():
    drawn = card(notification(facts={"digest": "abc"}))
    assert drawn["type"] == "AdaptiveCard"
    facts = {
        fact["title"]: fact["value"] for part in drawn["body"] if part["type"] == "FactSet" for fact in part["facts"]
    }
    assert facts == {
        "Where": "lake/quarantine",
        "How much": "10 rows",
        "Next step": "modelyard data quarantine flights",
        "digest": "abc",
    }
    texts = [part["text"] for part in drawn["body"] if part["type"] == "TextBlock"]
    assert texts[:2] == ["flights was refused", "too few rows"]


def test_the_legacy_message_card_is_not_used():
    assert b"MessageCard" not in message(notification())


@pytest.mark.parametrize("filler", ["x", "ä", "😀", '"', "\\", "[", "\n"])
def test_a_message_is_never_larger_than_teams_takes(filler):
    large = filler * 100_000
    facts = {f"{place} {filler * 200}": large for place in range(200)}
    one = notification(title=large, what=large, where=large, how_much=large, next_step=large, kind=large, facts=facts)
    body = message(one)
    assert len(body) <= LARGEST_MESSAGE
    assert "cut; the outbox has the whole text" in body.decode()


def test_a_message_that_fits_is_not_cut():
    assert "cut; the outbox" not in message(notification(what="x" * 3_900)).decode()


def test_a_text_from_data_cannot_become_a_link():
    text = card(notification(what="[sign in](https://evil.example)"))["body"][1]["text"]
    assert text == "\\[sign in\\](https://evil.example)"
