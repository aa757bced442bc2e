"""A promotion starts the release pipeline: once, signed, and nothing else does."""

import hashlib
import hmac
import json
import logging

import pytest

from modelyard.notify.notification import Notification
from modelyard.notify.once import OnceNotifier
from modelyard.notify.pipeline import PROMOTED, SIGNATURE_HEADER, PipelineNotifier

KEY = "a key that both sides know"


def promotion(**changes):
    facts = {"model": "flight_delay", "version": "3", "digest": "d" * 64, "ledger": "l" * 64, "evidence": "e"}
    words = {"kind": PROMOTED, "title": "t", "what": "w", "where": "h", "how_much": "1", "next_step": "n"}
    return Notification(**{**words, "facts": facts, "event": "l" * 64, **changes})


def test_a_promotion_is_posted_with_what_the_pipeline_needs_and_nothing_more(channel):
    assert PipelineNotifier(channel.url, KEY).notify(promotion()).status == "sent"
    (told,) = channel.messages
    assert set(told) == {"kind", "id", "model", "version", "digest", "ledger"}
    assert (told["model"], told["version"]) == ("flight_delay", "3")


def test_the_signature_is_that_of_the_bytes_that_arrive(channel):
    PipelineNotifier(channel.url, KEY).notify(promotion())
    expected = hmac.new(KEY.encode(), channel.bodies[0], hashlib.sha1).hexdigest()
    assert channel.headers[0][SIGNATURE_HEADER] == expected
    assert json.loads(channel.bodies[0]) == channel.messages[0]


@pytest.mark.parametrize("kind", ["model staged", "model rolled back", "batch refused", "model released"])
def test_no_other_event_starts_it(channel, kind):
    assert PipelineNotifier(channel.url, KEY).notify(promotion(kind=kind)).status == "already sent"
    assert channel.requests == 0


def test_the_same_promotion_starts_it_once(channel, tmp_path):
    statuses = [
        OnceNotifier(PipelineNotifier(channel.url, KEY), tmp_path / "started").notify(promotion()).status
        for _ in range(3)
    ]
    assert statuses == ["sent", "already sent", "already sent"]
    assert len(channel.messages) == 1


def test_what_could_not_be_started_is_told_without_address_or_key_and_tried_again_the_next_time(
    channel, tmp_path, caplog
):
    channel.answers = [(500, {})] * 3
    notifier = OnceNotifier(PipelineNotifier(channel.url, KEY, wait=lambda _: None), tmp_path / "started")
    with caplog.at_level(logging.WARNING):
        failed = notifier.notify(promotion())
    assert (failed.status, failed.reason) == ("failed", "HTTP 500, 3 times")
    for secret in ("CANARY", KEY):
        assert secret not in f"{failed} {caplog.text} {notifier._inner!r}"
    assert notifier.notify(promotion()).status == "sent"
