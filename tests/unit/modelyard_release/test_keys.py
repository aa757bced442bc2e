"""API keys are issued once, kept as hashes, and end when they are revoked."""

import json
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest
from filelock import FileLock

from modelyard.errors import ConfigurationError, ReleaseBusyError
from modelyard.release import keys
from modelyard.release.keys import KeyRing

NOW = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def ring(tmp_path):
    made = KeyRing(tmp_path / "access" / "keys.json", tmp_path / "access" / "pepper")
    made.draw_pepper()
    return made


def issue(ring, client="desk", *, now=NOW, lifetime=YEAR, **more):
    return ring.issue(client, roles=more.pop("roles", ("predict",)), lifetime=lifetime, now=now, **more)


def test_a_key_is_id_and_secret_and_no_two_are_alike(ring):
    one, other = issue(ring), issue(ring)
    name, _, secret = one.key.partition(".")
    assert (name, len(name), len(secret)) == (one.kept.id, 12, 43)
    assert one.key != other.key


def test_the_list_holds_no_key_and_no_secret(ring):
    issued = issue(ring, models=["flight_delay"])
    text = ring.list_file.read_text()
    assert issued.key not in text
    assert issued.key.partition(".")[2] not in text
    assert ring.pepper_file.read_text() not in text
    (entry,) = json.loads(text)["keys"]
    assert entry.pop("hash") == issued.kept.hash
    assert entry == {
        "id": issued.kept.id,
        "client": "desk",
        "roles": ["predict"],
        "models": ["flight_delay"],
        "created": "2026-01-31T12:00:00Z",
        "expires": "2027-01-31T12:00:00Z",
    }


def test_the_hash_depends_on_the_pepper(ring, tmp_path):
    other = KeyRing(tmp_path / "other" / "keys.json", tmp_path / "other" / "pepper")
    other.draw_pepper()
    issued = issue(ring)
    import hashlib
    import hmac

    hashes = [
        hmac.new(one.pepper_file.read_bytes(), issued.key.encode(), hashlib.sha256).hexdigest() for one in (ring, other)
    ]
    assert hashes[0] == issued.kept.hash
    assert hashes[1] != issued.kept.hash


def test_the_pepper_is_drawn_once_and_only_its_owner_may_read_it(ring):
    before = ring.pepper_file.read_text()
    assert not ring.draw_pepper()
    assert ring.pepper_file.read_text() == before
    assert stat.S_IMODE(ring.pepper_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.pepper_file.parent.stat().st_mode) == 0o700
    assert sorted(file.name for file in ring.pepper_file.parent.iterdir()) == ["pepper"]


def test_a_client_has_two_valid_keys_at_once_and_no_third(ring):
    first = issue(ring)
    issue(ring)
    with pytest.raises(ConfigurationError, match="desk has 2 valid keys already") as refused:
        issue(ring)
    assert refused.value.hint.endswith(f"modelyard serve keys revoke {first.kept.id}")
    issue(ring, "another-desk")
    ring.revoke(first.kept.id)
    issue(ring)


def test_an_expired_key_does_not_count_and_stays_listed(ring):
    for _ in range(2):
        issue(ring, lifetime=timedelta(days=1))
    issue(ring, now=NOW + timedelta(days=2))
    assert [one.is_valid(NOW + timedelta(days=2)) for one in ring.listed()] == [False, False, True]


@pytest.mark.parametrize("named_by", ["id", "key"])
def test_a_key_is_revoked_by_its_id_or_by_itself(ring, named_by):
    kept, gone = issue(ring), issue(ring)
    assert ring.revoke(gone.kept.id if named_by == "id" else gone.key) == gone.kept
    assert ring.listed() == (kept.kept,)


def test_what_is_not_listed_cannot_be_revoked_and_a_secret_is_not_repeated(ring):
    with pytest.raises(ConfigurationError, match="has no key abc") as refused:
        ring.revoke("abc.very-secret")
    assert "very-secret" not in str(refused.value)
    assert refused.value.hint == "see them: modelyard serve keys list"


@pytest.mark.parametrize("client", ["", "Desk", "a b", "-a", "a--b", "x" * 65])
def test_a_client_needs_a_proper_name(ring, client):
    with pytest.raises(ConfigurationError, match="client is"):
        issue(ring, client)
    assert ring.listed() == ()


def test_a_key_allows_something(ring):
    with pytest.raises(ConfigurationError, match="roles is"):
        issue(ring, roles=())


def test_without_a_pepper_nothing_is_issued(tmp_path):
    ring = KeyRing(tmp_path / "keys.json", tmp_path / "pepper")
    with pytest.raises(ConfigurationError, match="pepper that keys are hashed with is not there"):
        issue(ring)
    ring.pepper_file.write_text("short")
    with pytest.raises(ConfigurationError, match="5 bytes, allowed are at least 32"):
        issue(ring)
    assert not ring.list_file.exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 2, "keys": []}', '{"format": 1, "keys": [{}]}', '{"format": 1, "keys": 1}']
)
def test_a_damaged_list_is_named_and_left_as_it_is(ring, content):
    ring.list_file.write_text(content)
    for change in (lambda: issue(ring), lambda: ring.revoke("abc"), ring.listed):
        with pytest.raises(ConfigurationError, match=r"keys\.json"):
            change()
    assert ring.list_file.read_text() == content


def test_many_at_once_lose_no_key(ring):
    threads = [threading.Thread(target=issue, args=(ring, f"client-{number}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.client for one in ring.listed()} == {f"client-{number}" for number in range(8)}


def test_a_list_that_somebody_else_is_changing_can_be_tried_again(ring, monkeypatch):
    monkeypatch.setattr(keys, "_LOCK_SECONDS", 0.01)
    with FileLock(f"{ring.list_file}.lock"), pytest.raises(ReleaseBusyError, match="somebody else"):
        issue(ring)
