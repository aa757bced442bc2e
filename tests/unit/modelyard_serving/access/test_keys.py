"""API keys: who holds one of the list is let in, for what the list says and as long as it says so."""

import hmac

import pytest

from modelyard_serving.access import keys as keys_module
from modelyard_serving.access.keys import KeyAccess
from modelyard_serving.access.roles import Role
from modelyard_serving.access.settings import AccessSettingsError, KeySettings, Pepper
from modelyard_serving.refusals import RequestRefusedError


@pytest.fixture
def open_keys(key_file, told, clock, now, monkeypatch, pepper):
    monkeypatch.setenv("TEST_PEPPER", pepper)

    def opening(wall=lambda: now):
        key_file.write()
        settings = KeySettings(file=key_file.path, pepper=Pepper(variable="TEST_PEPPER", file=None))
        return KeyAccess(settings, tell=told, wall=wall, clock=clock)

    return opening


@pytest.mark.parametrize("name", [b"x-api-key", b"authorization"])
def test_a_key_is_taken_from_either_header(open_keys, key_file, head, name):
    key = key_file.add("k1", roles=["predict"])
    value = key if name == b"x-api-key" else f"apikey {key}"
    caller = open_keys().check(head(value, name), b"", need=Role.PREDICT)
    assert (caller.client, caller.credential, caller.roles) == ("desk", "key k10000000000", {Role.PREDICT})


def test_a_key_has_only_the_roles_of_the_list(open_keys, key_file, head, refused):
    key = key_file.add("k1", roles=["read"])
    error = refused(open_keys(), head(key, b"x-api-key"))
    assert (error.status, error.code) == (403, "role_missing")
    assert error.headers["www-authenticate"].startswith("ApiKey ")


def test_a_key_may_be_for_some_models_alone(open_keys, key_file, head):
    key = key_file.add("k1", models=["flight_delay"])
    caller = open_keys().check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    caller.check_model("flight_delay")
    with pytest.raises(RequestRefusedError) as found:
        caller.check_model("taxi_fare")
    assert (found.value.status, found.value.code) == (403, "model_not_allowed")


def test_two_keys_of_a_client_are_valid_at_once_so_that_it_can_change_them(open_keys, key_file, head, refused, clock):
    old, new = key_file.add("old"), key_file.add("new", letter="n")
    access = open_keys()
    for key in (old, new):
        access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    key_file.revoke(old)
    key_file.write()
    clock.now += 1
    assert refused(access, head(old, b"x-api-key")).status == 401
    access.check(head(new, b"x-api-key"), b"", need=Role.PREDICT)


def test_a_third_valid_key_is_refused_with_its_list_and_an_expired_one_does_not_count(open_keys, key_file):
    key_file.add("one"), key_file.add("two")
    key_file.add("three", days=-0.5)
    open_keys()
    key_file.add("four")
    with pytest.raises(AccessSettingsError, match="desk has 3 valid keys, allowed are 2"):
        open_keys()


def test_an_expired_key_is_refused(open_keys, key_file, head, refused, now):
    key = key_file.add("k1", days=1)
    moment = [now]
    access = open_keys(wall=lambda: moment[0])
    access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    moment[0] = now + 86400
    assert refused(access, head(key, b"x-api-key")).code == "key_refused"


@pytest.mark.parametrize(
    "wrong",
    ["k10000000000.{other}", "k20000000000.{secret}", "k10000000000.{secret}x", "k10000000000", "{secret}", "é" * 56],
)
def test_anything_but_the_key_is_refused(open_keys, key_file, head, refused, wrong):
    key_file.add("k1")
    value = wrong.format(secret="s" * 43, other="s" * 42 + "t")
    assert refused(open_keys(), head(value, b"x-api-key")).status == 401


def test_an_unknown_id_and_a_wrong_secret_are_told_the_same(open_keys, key_file, head, refused):
    key_file.add("k1")
    access = open_keys()
    answers = [
        refused(access, head(f"{name}.{'t' * 43}", b"x-api-key")).message for name in ("k10000000000", "unknown00000")
    ]
    assert answers[0] == answers[1]


def test_hashes_are_compared_in_constant_time_even_for_an_unknown_id(open_keys, key_file, head, refused, monkeypatch):
    compared = []

    class Spy:
        @staticmethod
        def compare_digest(one, other):
            compared.append((len(one), len(other)))
            return hmac.compare_digest(one, other)

    monkeypatch.setattr(keys_module, "hmac", Spy)
    key_file.add("k1")
    access = open_keys()
    for name in ("k10000000000", "unknown00000"):
        refused(access, head(f"{name}.{'t' * 43}", b"x-api-key"))
    assert compared == [(32, 32), (32, 32)]


def test_a_list_hashed_with_another_pepper_lets_nobody_in(open_keys, key_file, head, refused, monkeypatch):
    key = key_file.add("k1")
    monkeypatch.setenv("TEST_PEPPER", "q" * 40)
    assert refused(open_keys(), head(key, b"x-api-key")).status == 401


BROKEN = {
    "torn": '{"format": 1, "keys": [{"id": "k1',
    "empty": "",
    "another format": '{"format": 2, "keys": []}',
    "a boolean as format": '{"format": true, "keys": []}',
    "no list": '{"format": 1, "keys": {}}',
    "an unknown field": '{"format": 1, "keys": [], "more": 1}',
    "no key": '{"format": 1, "keys": [1]}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_list_keeps_the_one_before_and_says_so_once(open_keys, key_file, head, told, clock, content):
    key = key_file.add("k1")
    access = open_keys()
    key_file.write(content)
    for _ in range(3):
        clock.now += 1
        access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    (refusal,) = told.named("access_file_refused")
    assert str(key_file.path) in refusal["reason"]
    added = key_file.add("k2", letter="u")
    key_file.write()
    clock.now += 1
    access.check(head(added, b"x-api-key"), b"", need=Role.PREDICT)
    assert len(told.named("access_file_read")) == 1


def test_a_list_that_is_gone_keeps_the_one_before(open_keys, key_file, head, told, clock):
    key = key_file.add("k1")
    access = open_keys()
    key_file.path.unlink()
    clock.now += 1
    access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    assert told.named("access_file_refused")


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_list_at_the_start_stops_it(key_file, open_keys, content, told, monkeypatch):
    key_file.write(content)
    settings = KeySettings(file=key_file.path, pepper=Pepper(variable="TEST_PEPPER", file=None))
    with pytest.raises(AccessSettingsError, match=r"keys\.json"):
        KeyAccess(settings, tell=told)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"id": "K1"}, "id"),
        ({"client": "Desk!"}, "client"),
        ({"hash": "00"}, "hash"),
        ({"roles": ["admin"]}, "roles holds 'admin', allowed are predict, explain, read, metrics"),
        ({"roles": "predict"}, "roles"),
        ({"models": ["../x"]}, "models holds '../x'"),
        ({"models": "flight_delay"}, "models"),
        ({"created": "yesterday"}, "created"),
        ({"expires": "2027-01-01T00:00:00"}, "expires"),
        ({"expires": None}, "expires"),
        ({"expires": "2001-01-01T00:00:00+00:00"}, "not after created"),
        ({"more": 1}, "'more'"),
    ],
)
def test_a_wrong_entry_says_which_one_and_why(open_keys, key_file, changed, words):
    key_file.add("k1")
    key_file.add("k2", **changed)
    with pytest.raises(AccessSettingsError) as found:
        open_keys()
    assert "keys[1]" in str(found.value)
    assert words in str(found.value)


def test_an_id_that_appears_twice_is_refused(open_keys, key_file):
    key_file.add("k1")
    key_file.entries["again"] = dict(key_file.entries["k10000000000"], client="other")
    with pytest.raises(AccessSettingsError, match="twice"):
        open_keys()


def test_the_file_is_looked_at_once_a_second_at_most(open_keys, key_file, head, clock, told):
    key = key_file.add("k1")
    access = open_keys()
    key_file.revoke(key)
    key_file.write()
    clock.now += 0.99
    access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    clock.now += 0.01
    with pytest.raises(RequestRefusedError):
        access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)


def test_two_changes_within_one_tick_of_the_file_clock_are_both_seen(open_keys, key_file, head, clock, refused):
    import os

    key = key_file.add("k1")
    access = open_keys()
    state = key_file.path.stat()
    # The same inode, the same size, the same time: nothing but the content says that it changed.
    content = key_file.path.read_text().replace('"desk"', '"dock"')
    with key_file.path.open("r+") as file:
        file.write(content)
    os.utime(key_file.path, ns=(state.st_atime_ns, state.st_mtime_ns))
    clock.now += 1
    assert access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT).client == "dock"


def test_the_host_reads_the_list_before_each_fork_so_that_workers_inherit_the_newest(open_keys, key_file, head, clock):
    access = open_keys()
    key = key_file.add("k1")
    key_file.write()
    clock.now += 1
    access.look()
    key_file.write("broken just when a worker begins")
    access.start()
    access.check(head(key, b"x-api-key"), b"", need=Role.PREDICT)
    access.close()
