"""The ledger keeps every promotion, tells any changed byte, and survives a crash at any byte."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import pytest

from modelyard.errors import LedgerBrokenError, RegistryBusyError, exit_code_of
from modelyard.registry.entries import GENESIS, Decision, Head, canonical, hash_of
from modelyard.registry.ledger import Ledger


def decision(version=1, **changes):
    said = {
        "model": "parcel_delay",
        "version": version,
        "digest": "d" * 64,
        "replaces": version - 1 or None,
        "by": "Ada Lovelace",
        "reason": "better; “really”",
        "evidence": "e" * 64,
        "data_versions": {"CURATED/parcels": version},
        "at": f"2013-0{version}-01T00:00:00.000+00:00",
    }
    return Decision(**{**said, **changes})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger" / "parcel_delay.jsonl"


@pytest.fixture
def ledger(path):
    return Ledger(path, patience=0.2)


@pytest.fixture
def three(ledger):
    for version in (1, 2, 3):
        with ledger.locked():
            ledger.append(decision(version))
    return ledger


def test_an_empty_ledger_verifies(ledger):
    assert ledger.verify() is None
    assert ledger.entries() == ()


def test_every_entry_names_the_hash_of_the_one_before(three):
    first, second, third = three.entries()
    assert (first.previous, second.previous, third.previous) == (GENESIS, first.hash, second.hash)
    assert [entry.sequence for entry in (first, second, third)] == [1, 2, 3]
    assert third.decision == decision(3)


def test_what_was_written_behind_the_last_line_is_no_crash_and_is_not_dropped(three, path):
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    before = path.read_bytes()
    with pytest.raises(LedgerBrokenError, match="something follows the last line"), three.locked():
        three.append(decision(4))
    assert path.read_bytes() == before


def test_a_rewritten_entry_with_a_hash_of_its_own_breaks_the_chain_after_it(three, path):
    first, second, third = three.entries()
    forged = type(second).after(first, replace(second.decision, by="Somebody Else"))
    path.write_bytes(first.to_line() + forged.to_line() + third.to_line())
    assert three.verify().startswith("line 3")


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"nonsense\n", b"\n", b'{"sequence": 4}\n', b"null\n"])
def test_a_line_that_is_no_entry_is_found(three, path, line):
    path.write_bytes(path.read_bytes() + line)
    assert three.verify() == "line 4 is no entry"


def test_nothing_is_read_from_or_added_to_a_broken_ledger(three, path):
    path.write_bytes(path.read_bytes().replace(b"Ada", b"Eve", 1))
    with pytest.raises(LedgerBrokenError, match="does not verify: line 1"):
        three.entries()
    before = path.read_bytes()
    with pytest.raises(LedgerBrokenError), three.locked():
        three.append(decision(4))
    assert path.read_bytes() == before


def test_a_line_cut_short_by_a_crash_at_any_byte_is_repaired_and_the_promotion_repeated(ledger, path):
    with ledger.locked():
        ledger.append(decision(1))
        whole, head = path.read_bytes(), path.with_suffix(".head").read_bytes()
        ledger.append(decision(2))
    full = path.read_bytes()
    for cut in [*range(len(whole), len(full), 9), len(full) - 1]:
        path.write_bytes(full[:cut])
        path.with_suffix(".head").write_bytes(head)  # it is written only after the line is on the disk
        assert ledger.verify() is None
        assert len(ledger.entries()) == 1
        with ledger.locked():
            ledger.append(decision(2))
        assert path.read_bytes() == full


def test_only_one_promotes_at_a_time(ledger, path):
    other = Ledger(path, patience=0.05)
    with (
        ledger.locked(),
        pytest.raises(RegistryBusyError, match="another promotion of parcel_delay") as busy,
        other.locked(),
    ):
        pass
    assert exit_code_of(busy.value) == 75
    with ledger.locked():
        pass


def test_the_lock_is_given_back_when_a_promotion_fails(ledger):
    with pytest.raises(ZeroDivisionError), ledger.locked():
        raise ZeroDivisionError
    with ledger.locked():
        ledger.append(decision(1))


def test_many_at_once_end_in_one_chain(path):
    def add(version):
        ledger = Ledger(path, patience=20)
        with ledger.locked():
            ledger.append(decision(version))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(1, 9)))
    assert sorted(entry.decision.version for entry in Ledger(path).entries()) == list(range(1, 9))


def test_a_line_is_plain_json_that_others_can_verify(three, path):
    import hashlib

    document = json.loads(path.read_bytes().splitlines()[1])
    found = document.pop("hash")
    again = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(again.encode()).hexdigest() == found


def test_a_crash_between_the_line_and_the_head_is_no_damage_and_is_repaired(three, path):
    head = path.with_suffix(".head")
    newest = head.read_bytes()
    head.write_bytes(Head.of(three.entries()[1]).to_bytes())
    assert three.verify() is None
    with three.locked():
        pass
    assert head.read_bytes() == newest


def test_a_head_that_lags_by_more_than_a_crash_can_explain_is_found(three, path):
    path.with_suffix(".head").write_bytes(Head.of(three.entries()[0]).to_bytes())
    assert three.verify() == "it has 3 entries, but its head knows of 1"


def test_a_ledger_without_its_head_does_not_verify(three, path):
    path.with_suffix(".head").unlink()
    assert "its head knows of 0" in three.verify()


def test_a_line_of_before_there_were_rollbacks_still_verifies(ledger, path):
    document = {"sequence": 1, "previous": GENESIS, **asdict(decision(1))}
    del document["action"], document["decided_by"]
    path.parent.mkdir()
    path.write_bytes(canonical({**document, "hash": hash_of(document)}) + b"\n")
    (entry,) = ledger.entries()
    assert (entry.decision.action, entry.decision.decided_by) == ("promotion", "person")
