"""The rollout in a pointer, and the state beside it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from modelyard_bundle.errors import BundleError
from modelyard_bundle.pointer import Pointer, read_pointer, replace_pointer
from modelyard_bundle.rollout import Candidate, Key, Rollout, RolloutLimits, salt_of
from modelyard_bundle.rollout_state import RolloutState, read_rollout_state, rollout_state_path, write_rollout_state

DIGEST, OTHER = "ab" * 32, "cd" * 32
CANDIDATE = Candidate(version="2", digest=OTHER, bundle=f"tiny/2-{OTHER[:12]}")
LIMITS = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
BEGUN = {"candidate": CANDIDATE, "salt": "0123456789abcdef", "started_at": "2013-06-01T00:00:00+00:00"}
CANARY = Rollout(mode="canary", percent=10, limits=LIMITS, **BEGUN)
SHADOW = Rollout(mode="shadow", percent=100, tolerance=0.01, **BEGUN)
AB = Rollout(mode="ab", percent=50, limits=LIMITS, key=Key(source="header", name="x-caller"), **BEGUN)
POINTER = Pointer.to("tiny", "1", digest=DIGEST)
STATE = RolloutState(
    rollout=CANARY.id, version="2", state="running", reason="begun", at="2013-06-01T00:00:00+00:00", figures={"turn": 2}
)


def changed(rollout, path, value) -> bytes:
    """The pointer's content with one field of its rollout changed; `...` takes it out."""
    document = json.loads(replace(POINTER, rollout=rollout).to_json())
    *parents, last = path.split(".")
    place = document["rollout"]
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize("rollout", [CANARY, SHADOW, AB], ids=lambda one: one.mode)
def test_a_pointer_keeps_its_rollout(tmp_path, rollout):
    pointer = replace(POINTER, rollout=rollout)
    replace_pointer(tmp_path, pointer)
    found = read_pointer(tmp_path, "tiny")
    assert found == pointer
    assert found.rollout.id == rollout.id
    assert found.candidate == Pointer.to("tiny", "2", digest=OTHER)
    assert found.alone() == POINTER


def test_a_pointer_without_a_rollout_is_written_as_it_always_was():
    assert POINTER.to_json() == (
        b'{\n "bundle": "tiny/1-abababababab",\n "digest": "' + DIGEST.encode() + b'",\n "model": "tiny",\n'
        b' "version": "1"\n}\n'
    )
    assert Pointer.from_json(POINTER.to_json()).rollout is None
    assert POINTER.candidate is None


def test_a_rollout_is_known_by_all_that_it_says():
    again = Rollout.from_document(json.loads(json.dumps(CANARY.to_document())))
    assert again.id == CANARY.id
    others = [
        replace(CANARY, percent=20),
        replace(CANARY, started_at="2013-06-01T00:00:01+00:00"),
        replace(CANARY, limits=replace(LIMITS, alpha=0.01)),
        AB,
        SHADOW,
    ]
    assert len({one.id for one in (CANARY, *others)}) == 6


def test_a_whole_number_and_the_same_with_a_point_are_one_rollout():
    written = Rollout.from_document({**CANARY.to_document(), "percent": 10})
    assert written.id == Rollout.from_document({**CANARY.to_document(), "percent": 10.0}).id == CANARY.id


@pytest.mark.parametrize(
    ("rollout", "path", "value"),
    [
        (CANARY, "mode", "blue-green"),
        (CANARY, "mode", ["canary"]),
        (CANARY, "percent", 0),
        (CANARY, "percent", -1),
        (CANARY, "percent", 100),
        (CANARY, "percent", "10"),
        (CANARY, "percent", True),
        (CANARY, "percent", None),
        (SHADOW, "percent", 100.1),
        (CANARY, "salt", "x"),
        (CANARY, "started_at", "yesterday"),
        (CANARY, "started_at", "2013-06-01T00:00:00"),
        (CANARY, "limits", None),
        (CANARY, "limits", ...),
        (CANARY, "tolerance", 0.1),
        (CANARY, "key", {"source": "header", "name": "x-caller"}),
        (CANARY, "more", 1),
        (CANARY, "limits.alpha", 0),
        (CANARY, "limits.alpha", 0.6),
        (CANARY, "limits.beta", 1),
        (CANARY, "limits.most_errors", 0),
        (CANARY, "limits.most_errors", 0.3),
        (CANARY, "limits.most_slow", -0.1),
        (CANARY, "limits.latency_ms", 0),
        (CANARY, "limits.latency_ms", None),
        (CANARY, "limits.least_requests", 0),
        (CANARY, "limits.least_requests", 1.5),
        (CANARY, "limits.least_requests", True),
        (CANARY, "limits.more", 1),
        (SHADOW, "limits", LIMITS.__class__.__slots__),
        (SHADOW, "tolerance", None),
        (SHADOW, "tolerance", -1),
        (AB, "key", None),
        (AB, "key.source", "cookie"),
        (AB, "key.name", "X Caller"),
        (AB, "key.name", ""),
        (AB, "key.more", 1),
        (CANARY, "candidate.version", "../2"),
        (CANARY, "candidate.version", "1"),
        (CANARY, "candidate.digest", "ab"),
        (CANARY, "candidate.bundle", "../../etc"),
        (CANARY, "candidate.bundle", f"other/2-{OTHER[:12]}"),
        (CANARY, "candidate.bundle", f"tiny/2-{DIGEST[:12]}"),
        (CANARY, "candidate.more", 1),
        (CANARY, "candidate", None),
    ],
)
def test_refuses_a_rollout_that_makes_no_sense(rollout, path, value):
    with pytest.raises(BundleError, match="rollout"):
        Pointer.from_json(changed(rollout, path, value))


def test_a_key_is_named_as_its_source_names_things():
    assert Key(source="feature", name="Carrier_1").name == "Carrier_1"
    with pytest.raises(BundleError, match="feature"):
        Key(source="feature", name="x-caller")
    with pytest.raises(BundleError, match="header"):
        Key(source="header", name="X-Caller")


def test_a_salt_follows_from_what_a_rollout_is_about():
    assert salt_of({"model": "tiny"}) == salt_of({"model": "tiny"})
    assert salt_of({"model": "tiny"}) != salt_of({"model": "other"})
    replace(CANARY, salt=salt_of({"model": "tiny"}))


class TestState:
    def test_there_is_none_at_first(self, tmp_path):
        assert read_rollout_state(tmp_path / "missing", "tiny") is None

    def test_is_read_as_it_was_written_beside_the_pointers(self, tmp_path):
        write_rollout_state(tmp_path, "tiny", STATE)
        write_rollout_state(tmp_path, "tiny", replace(STATE, state="returned"))
        assert read_rollout_state(tmp_path, "tiny") == replace(STATE, state="returned")
        assert [path.name for path in tmp_path.iterdir()] == [".tiny.rollout.json"]

    @pytest.mark.parametrize(
        "change",
        [
            {"state": "fine"},
            {"rollout": "1"},
            {"version": 2},
            {"reason": None},
            {"at": 1},
            {"figures": []},
            {"figures": {"turn": "2"}},
            {"figures": {"turn": None}},
            {"more": 1},
        ],
    )
    def test_refuses_what_is_no_state(self, change):
        with pytest.raises(BundleError):
            RolloutState.from_json(json.dumps({**json.loads(STATE.to_json()), **change}).encode())

    def test_refuses_a_file_that_is_too_large(self, tmp_path):
        rollout_state_path(tmp_path, "tiny").write_bytes(b" " * 100_000)
        with pytest.raises(BundleError, match="larger"):
            read_rollout_state(tmp_path, "tiny")

    def test_a_model_name_is_not_a_path(self, tmp_path):
        with pytest.raises(BundleError):
            rollout_state_path(tmp_path, "../tiny")
