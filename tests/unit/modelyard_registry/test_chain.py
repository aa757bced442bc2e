"""Whatever is done to a ledger is found: every byte changed, gone, doubled or moved. Weaker verifiers are caught."""

import hashlib
import json

import pytest

from modelyard.registry.chain import follows, problem_of, problem_of_end, problem_of_line
from modelyard.registry.entries import GENESIS, Decision, Head, LedgerEntry, canonical


def decision(version, **changes):
    said = {
        "model": "parcels",
        "version": version,
        "digest": f"{version}" * 64,
        "replaces": version - 1 or None,
        "by": "Ada",
        "reason": "better",
        "evidence": "e" * 64,
        "data_versions": {"CURATED/parcels": version},
        "at": f"2013-0{version}-01T00:00:00.000+00:00",
        **changes,
    }
    return Decision(**said)


def chain(*decisions):
    entries = []
    for one in decisions:
        entries.append(LedgerEntry.after(entries[-1] if entries else None, one))
    return entries


ENTRIES = chain(
    decision(1), decision(2), decision(1, action="rollback", replaces=2, at="2013-03-01T00:00:00.000+00:00")
)
CONTENT, HEAD = b"".join(entry.to_line() for entry in ENTRIES), Head.of(ENTRIES[-1])


def damaged_bytes(content):
    """Every byte with one bit flipped, gone, doubled, or everything after it gone."""
    for place, byte in enumerate(content):
        before, after = content[:place], content[place + 1 :]
        for bit in range(8):
            yield before + bytes([byte ^ 1 << bit]) + after
        yield before + after
        yield before + bytes([byte, byte]) + after
        yield before
        if after and after[0] != byte:
            yield before + after[:1] + bytes([byte]) + after[1:]


def damaged_lines(content):
    """Lines gone, doubled, swapped; lines written anew by somebody who knows how."""
    lines = content.splitlines(keepends=True)
    for place in range(len(lines)):
        yield b"".join([*lines[:place], *lines[place + 1 :]])
        yield b"".join([*lines[: place + 1], *lines[place:]])
        yield b"".join(lines[place:] + lines[:place]) if place else b"".join(reversed(lines))
    for place, entry in enumerate(ENTRIES):
        forged = chain(*[one.decision for one in ENTRIES[:place]], decision(9, by="Eve"))[-1]
        yield b"".join([*lines[:place], forged.to_line(), *lines[place + 1 :]])
        assert forged.previous == entry.previous
        document = json.loads(lines[place])
        yield b"".join([*lines[:place], canonical({**document, "by": "Eve"}) + b"\n", *lines[place + 1 :]])
        yield b"".join([*lines[:place], json.dumps(document).encode() + b"\n", *lines[place + 1 :]])


def undetected(verifier):
    """The damages that a verifier takes for the ledger as it was written."""
    return [
        damage
        for damage in [*damaged_bytes(CONTENT), *damaged_lines(CONTENT)]
        if damage != CONTENT and verifier(damage) is None
    ]


def test_the_ledger_as_it_was_written_is_accepted():
    assert problem_of(CONTENT, HEAD) is None
    assert problem_of(b"", Head()) is None


def test_every_damage_is_found():
    assert undetected(lambda content: problem_of(content, HEAD)) == []


def _lines(content):
    return content.split(b"\n")[:-1]


def _linked(content, *, check):
    previous = GENESIS
    for number, line in enumerate(_lines(content), start=1):
        try:
            document = json.loads(line)
            if check(document, number, previous):
                return "broken"
            previous = document["hash"]
        except (ValueError, KeyError, TypeError):
            return "broken"
    return None


def without_head(content):
    damaged = any(_problems(content)) or follows(content.split(b"\n")[-1])
    return "broken" if damaged else None


def _problems(content):
    previous = GENESIS
    for number, line in enumerate(_lines(content), start=1):
        yield problem_of_line(line, sequence=number, previous=previous)
        try:
            previous = json.loads(line)["hash"]
        except (ValueError, KeyError, TypeError):
            return


def without_own_hash(content):
    return _linked(content, check=lambda d, n, previous: (d["sequence"], d["previous"]) != (n, previous))


def without_links(content):
    def wrong(document, number, previous):
        said = document["hash"]
        rest = {name: value for name, value in document.items() if name != "hash"}
        return hashlib.sha256(canonical(rest)).hexdigest() != said

    return _linked(content, check=wrong)


def of_the_end_alone(content):
    hashes = [GENESIS]
    for line in _lines(content):
        try:
            hashes.append(json.loads(line)["hash"])
        except (ValueError, KeyError, TypeError):
            return "broken"
    return problem_of_end(hashes, HEAD)


@pytest.mark.parametrize("weak", [without_head, without_own_hash, without_links, of_the_end_alone])
def test_a_verifier_that_leaves_something_out_is_caught(weak):
    assert weak(CONTENT) is None
    assert undetected(weak)


@pytest.mark.parametrize("place", range(len(HEAD.to_bytes())))
def test_a_head_that_was_changed_is_not_read_or_does_not_fit(place):
    content = bytearray(HEAD.to_bytes())
    content[place] ^= 1
    try:
        found = Head.from_bytes(bytes(content))
    except ValueError:
        return
    assert problem_of(CONTENT, found) is not None
