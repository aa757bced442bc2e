"""The ledger keeps every promotion, tells any changed byte, and survives a crash at any byte."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from modelyard.errors import LedgerBrokenError, RegistryBusyError, exit_code_of
from modelyard.registry.ledger import GENESIS, Ledger, Promotion


def promotion(version=1, **changes):
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
    return Promotion(**{**said, **changes})


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
            ledger.append(promotion(version))
    return ledger


def test_an_empty_ledger_verifies(ledger):
    assert ledger.verify() is None
    assert ledger.entries() == ()


def test_every_entry_names_the_hash_of_the_one_before(three):
    first, second, third = three.entries()
    assert (first.previous, second.previous, third.previous) == (GENESIS, first.hash, second.hash)
    assert [entry.sequence for entry in (first, second, third)] == [1, 2, 3]
    assert third.promotion == promotion(3)


def test_any_changed_byte_is_found(three, path):
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert three.verify() is not None, place


def test_what_was_written_behind_the_last_line_is_no_crash_and_is_not_dropped(three, path):
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    before = path.read_bytes()
    with pytest.raises(LedgerBrokenError, match="something follows the last line"), three.locked():
        three.append(promotion(4))
    assert path.read_bytes() == before


@pytest.mark.parametrize("gone", [0, 1])
def test_a_removed_line_is_found(three, path, gone):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for number, line in enumerate(lines) if number != gone))
    assert "a line before it is missing" in three.verify()


def test_swapped_lines_are_found(three, path):
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(second + first + third)
    assert three.verify().startswith("line 1")


def test_a_rewritten_entry_with_a_hash_of_its_own_breaks_the_chain_after_it(three, path):
    first, second, third = three.entries()
    forged = type(second).after(first, replace(second.promotion, by="Somebody Else"))
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
        three.append(promotion(4))
    assert path.read_bytes() == before


def test_a_line_cut_short_by_a_crash_at_any_byte_is_repaired_and_the_promotion_repeated(ledger, path):
    with ledger.locked():
        ledger.append(promotion(1))
        whole = path.read_bytes()
        ledger.append(promotion(2))
    full = path.read_bytes()
    for cut in [*range(len(whole), len(full), 9), len(full) - 1]:
        path.write_bytes(full[:cut])
        assert ledger.verify() is None
        assert len(ledger.entries()) == 1
        with ledger.locked():
            ledger.append(promotion(2))
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
        ledger.append(promotion(1))


def test_many_at_once_end_in_one_chain(path):
    def add(version):
        ledger = Ledger(path, patience=20)
        with ledger.locked():
            ledger.append(promotion(version))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(1, 9)))
    assert sorted(entry.promotion.version for entry in Ledger(path).entries()) == list(range(1, 9))


def test_a_line_is_plain_json_that_others_can_verify(three, path):
    import hashlib

    document = json.loads(path.read_bytes().splitlines()[1])
    found = document.pop("hash")
    again = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(again.encode()).hexdigest() == found
