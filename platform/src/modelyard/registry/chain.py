"""Whether a ledger is what was written: pure functions over bytes, so that anybody can verify a copy of it offline.

Every line must be byte for byte the canonical form of its document, and name its place, the hash of the line before,
and its own hash. What a chain cannot tell is that its end was cut off; the head remembers how long it was.
"""

from __future__ import annotations

import json
from typing import Any

from modelyard.registry.entries import GENESIS, Head, LedgerEntry, canonical, hash_of


def problem_of(content: bytes, head: Head) -> str | None:
    """What is wrong with a ledger; None if every byte is as it was written.

    The unfinished line that a crash leaves behind is no entry, and nothing wrong: nobody was ever told that it had
    been written. For the same reason the head may lag behind by one entry, and never by more.

    Args:
        content: The bytes of the ledger.
        head: What is remembered of its end.
    """
    *lines, tail = content.split(b"\n")
    hashes = [GENESIS]
    for number, line in enumerate(lines, start=1):
        found = problem_of_line(line, sequence=number, previous=hashes[-1])
        if found:
            return f"line {number} {found}"
        hashes.append(json.loads(line)["hash"])
    if follows(tail):
        return "something follows the last line"
    return problem_of_end(hashes, head)


def problem_of_line(line: bytes, *, sequence: int, previous: str) -> str | None:
    """What is wrong with one line at its place."""
    try:
        LedgerEntry.from_line(line)
    except ValueError:
        return "is no entry"
    document: dict[str, Any] = json.loads(line)
    if canonical(document) != line or document.pop("hash") != hash_of(document):
        return "is not what was written"
    if (document["sequence"], document["previous"]) != (sequence, previous):
        return "does not follow the line before: a line is missing, repeated, or in another place"
    return None


def problem_of_end(hashes: list[str], head: Head) -> str | None:
    """Whether the chain ends where the head says; `hashes` begin with the hash before the first entry."""
    entries = len(hashes) - 1
    if head.sequence > entries:
        return f"it ends after entry {entries}, but entry {head.sequence} had been written: its end is missing"
    if head.sequence < entries - 1:
        return f"it has {entries} entries, but its head knows of {head.sequence}"
    if hashes[head.sequence] != head.hash:
        return f"entry {head.sequence} is not the one that its head remembers"
    return None


def follows(tail: bytes) -> bool:
    """Whether a tail is more than the beginning of an entry: a crash cuts a line short, and never makes it longer."""
    try:
        _, end = json.JSONDecoder().raw_decode(tail.decode("ascii"))
    except UnicodeDecodeError:
        return True
    except ValueError:
        return False
    return end < len(tail)
