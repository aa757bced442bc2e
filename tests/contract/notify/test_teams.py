"""Teams as it really behaves: busy, broken, moved, slow, gone. The URL is a secret throughout."""

import logging
import socket

import pytest

from modelyard.notify.notification import Notification
from modelyard.notify.posting import LONGEST_WAIT_SECONDS
from modelyard.notify.teams import TeamsNotifier

ONE = Notification("test", "title", "what", "where", "1", "next")


@pytest.fixture
def waits():
    return []


@pytest.fixture
def teams(channel, waits, caplog):
    caplog.set_level(logging.DEBUG)
    yield TeamsNotifier(channel.url, timeout=2, wait=waits.append)
    assert "CANARY" not in caplog.text


def test_the_card_arrives(teams, channel):
    assert teams.notify(ONE).status == "sent"
    (message,) = channel.messages
    assert message["attachments"][0]["content"]["body"][0]["text"] == "title"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_asks_again_when_teams_is_busy(teams, channel, waits, status):
    channel.answers = [(status, {}), (status, {})]
    assert teams.notify(ONE).status == "sent"
    assert channel.requests == 3
    assert waits == [1, 2]


def test_gives_up_after_two_retries(teams, channel):
    channel.answers = [(503, {})] * 9
    delivery = teams.notify(ONE)
    assert (delivery.status, delivery.reason) == ("failed", "HTTP 503, 3 times")
    assert channel.requests == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
def test_does_not_ask_again_when_the_answer_is_no(teams, channel, waits, status):
    channel.answers = [(status, {})]
    delivery = teams.notify(ONE)
    assert (delivery.status, delivery.reason) == ("failed", f"HTTP {status}")
    assert (channel.requests, waits) == (1, [])


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3),
        ("86400", LONGEST_WAIT_SECONDS),
        ("0", 0),
        ("soon", 1),
        ("-5", 1),
        ("Thu, 01 Jan 1970 00:00:05 GMT", 5),
        ("Thu, 01 Jan 2099 00:00:00 GMT", LONGEST_WAIT_SECONDS),
    ],
)
def test_waits_as_long_as_teams_asks_but_not_for_ever(channel, waits, header, seconds):
    channel.answers = [(429, {"Retry-After": header})]
    assert TeamsNotifier(channel.url, wait=waits.append, clock=lambda: 0.0).notify(ONE).status == "sent"
    assert waits == [seconds]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(teams, channel, status):
    channel.answers = [(status, {"Location": f"{channel.url}&elsewhere"})]
    delivery = teams.notify(ONE)
    assert (delivery.status, delivery.reason) == ("failed", f"HTTP {status}")
    assert channel.requests == 1


def test_nobody_there_is_an_answer_that_names_no_address(waits, caplog):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/CANARY"
        delivery = TeamsNotifier(url, timeout=1, wait=waits.append).notify(ONE)
    assert delivery.status == "failed"
    assert "not reachable" in delivery.reason
    assert "CANARY" not in delivery.reason + caplog.text


def test_somebody_who_never_answers_is_not_waited_for(waits):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/CANARY"
        delivery = TeamsNotifier(url, timeout=0.1, wait=waits.append).notify(ONE)
    assert delivery.status == "failed"
    assert "no answer within 0.1 s" in delivery.reason


@pytest.mark.parametrize(
    "url",
    [
        "",
        "CANARY",
        "http://contoso.example/CANARY",
        "ftp://contoso.example/CANARY",
        "file:///CANARY",
        "https://",
        "https://[CANARY",
        "https://127.0.0.1:CANARY/",
        "https://127.0.0.1:1/CAN ARY\n",
        "MODELYARD_TEAMS_URL",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(url, waits, caplog):
    delivery = TeamsNotifier(url, timeout=0.1, wait=waits.append).notify(ONE)
    assert delivery.status == "failed"
    assert "CANARY" not in delivery.reason + caplog.text


def test_the_notifier_does_not_show_its_url(channel):
    notifier = TeamsNotifier(channel.url)
    assert "CANARY" not in f"{notifier!r} {notifier}"
