"""A notification's id stands for the event, not for the moment."""

import pytest

from modelyard.notify.notification import Notification

REFUSED = {
    "kind": "batch refused",
    "title": "flights: 2013-01.csv was refused",
    "what": "3 of 19 columns differ",
    "where": "lake/quarantine/flights",
    "how_much": "27,004 rows held back",
    "next_step": "modelyard data quarantine flights",
}


def test_the_same_event_has_the_same_id_every_time():
    assert Notification(**REFUSED).id == Notification(**REFUSED).id
    assert (
        Notification(**REFUSED, facts={"a": "1", "b": "2"}).id == Notification(**REFUSED, facts={"b": "2", "a": "1"}).id
    )


@pytest.mark.parametrize("name", list(REFUSED))
def test_without_a_named_event_another_word_is_another_event(name):
    assert Notification(**{**REFUSED, name: "other"}).id != Notification(**REFUSED).id


def test_with_a_named_event_only_the_kind_and_the_event_count():
    one = Notification(**REFUSED, event="9f86d081884c7d65")
    assert Notification(**{**REFUSED, "what": "told otherwise"}, event="9f86d081884c7d65").id == one.id
    assert Notification(**{**REFUSED, "kind": "batch accepted"}, event="9f86d081884c7d65").id != one.id
    assert Notification(**REFUSED, event="other").id != one.id


def test_the_document_carries_everything():
    document = Notification(**REFUSED, facts={"digest": "abc"}).to_json()
    assert document["facts"] == {"digest": "abc"}
    assert set(REFUSED) < set(document)
    assert len(document["id"]) == 16
