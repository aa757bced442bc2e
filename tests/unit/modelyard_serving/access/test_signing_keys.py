"""The keys that tokens are signed with: which are usable, and how they are fetched."""

import json
import os
import threading
import time

import pytest

from modelyard_bundle import BundleError
from modelyard_serving.access.fetching import fetch
from modelyard_serving.access.key_page import MAX_BYTES, SharedDocument
from modelyard_serving.access.opening import open_access
from modelyard_serving.access.roles import Role
from modelyard_serving.access.signing_keys import MAX_AGE_SECONDS, FetchedKeys, Missing, parse_signing_keys


def usable(entries):
    return set(parse_signing_keys(json.dumps({"keys": entries}).encode(), where="here"))


def test_rsa_keys_for_signatures_are_usable_and_what_else_entra_lists_is_left_out(entry):
    others = [
        entry("encrypts", use="enc"),
        entry("pss", alg="PS256"),
        entry("short", bits=1024),
        {"kty": "EC", "kid": "curve", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "oct", "kid": "symmetric", "k": "c2VjcmV0"},
        {**entry("broken"), "n": "%%%"},
        {**entry("number"), "n": 7},
        {**entry("nameless"), "kid": None},
        {**entry("lacking"), "e": None},
        "text",
    ]
    assert usable([entry("one"), entry("two", alg="RS256"), *others]) == {"one", "two"}


def test_two_keys_of_one_name_are_both_left_out(entry):
    assert usable([entry("one"), entry("two"), entry("three", kid="two")]) == {"one"}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": {}}', '{"keys": []}', '{"keys": [1]}', "<html>"])
def test_what_is_no_key_set_is_refused(content):
    with pytest.raises(BundleError, match="here"):
        parse_signing_keys(content.encode(), where="here")


def test_a_key_set_of_absurd_length_is_refused(entry):
    with pytest.raises(BundleError, match="100"):
        usable([entry("one")] * 101)


def test_a_redirect_is_not_followed(place):
    place.status, place.location = 302, place.url
    with pytest.raises(OSError, match="302"):
        fetch(place.url)
    assert place.asked == 1


def test_an_answer_without_end_is_cut_off(place):
    place.keys = ["x" * 2_000_000]
    with pytest.raises(OSError, match="longer than"):
        fetch(place.url)


def test_an_address_where_nobody_listens_is_an_error_of_the_system(place, told):
    url = place.url
    place.close()
    with pytest.raises(OSError, match="refused"):
        fetch(url)
    place.__post_init__()


def test_warm_keys_are_fetched_once_in_24_hours(make_entra, place, issuer, bearer):
    assert MAX_AGE_SECONDS == 24 * 3600
    access = make_entra()
    for number in range(50):
        access.check(bearer(issuer.token(sub=str(number % 3))), b"", need=Role.PREDICT)
    assert place.asked == 1


def test_the_thread_begins_with_the_first_use_and_not_before(make_settings, place, told):
    before = threading.active_count()
    access = open_access(make_settings(place.url), tell=told)
    access.look()
    assert threading.active_count() == before
    assert place.asked == 0
    keys = FetchedKeys(place.url, tell=told)
    keys.start(wait_seconds=10)
    assert not isinstance(keys.find("one"), Missing)
    keys.close()


def test_after_a_fork_the_child_keeps_its_keys_fresh_itself(place, told, entry, until):
    keys = FetchedKeys(place.url, tell=told, forced_seconds=0.0)
    keys.start(wait_seconds=10)
    place.keys = [entry("one"), entry("two")]
    # Not os.fork: the interpreter warns of it where threads run, and this process is full of them.
    child = _forked(lambda: _finds(keys, "two"))
    assert child == 0
    keys.close()


def _finds(keys, name):
    until = time.monotonic() + 10
    while isinstance(keys.find(name), Missing):
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def _forked(work):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if work() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_key_that_nobody_has_is_asked_for_once_however_many_ask(place, told, until):
    keys = FetchedKeys(place.url, tell=told, forced_seconds=3600.0)
    keys.start(wait_seconds=10)
    until(lambda: keys.find("one") is not Missing.UNCERTAIN)
    assert {keys.find(f"stranger {number}") for number in range(100)} == {Missing.UNKNOWN}
    assert place.asked == 1
    keys.close()


def test_failures_are_told_with_the_address_and_the_reason(place, told, until):
    place.status = 418
    keys = FetchedKeys(place.url, tell=told, retry_seconds=0.01)
    keys.start(wait_seconds=10)
    until(lambda: len(told.named("signing_keys_failed")) > 1)
    keys.close()
    assert told.named("signing_keys_failed")[0] == {"url": place.url, "reason": "the answer is 418", "known": 0}


def test_workers_that_are_forked_later_begin_with_what_was_fetched_even_if_the_address_is_down(place, told, until):
    keys = FetchedKeys(place.url, tell=told)

    def learns():
        keys.start(wait_seconds=10)
        return _finds(keys, "one")

    def knows_at_once():
        return not isinstance(keys.find("one"), Missing)

    assert _forked(learns) == 0
    place.status = 500
    assert _forked(knows_at_once) == 0
    assert keys._process == 0  # the process that forks never asked


def test_half_a_document_is_none():
    document = SharedDocument()
    assert document.read() is None
    document.write(b"x" * 100)
    assert document.read() == b"x" * 100
    document._memory[60:61] = b"y"
    assert document.read() is None
    document.write(b"z" * (MAX_BYTES + 1))
    assert document.read() is None
    document.write(b"")
    assert document.read() is None
