"""Whether two lakes hold the same rows, and the same verdicts about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl


class DifferentOutcomeError(Exception):
    """Two sides that should have done the same work did not; a ratio would mean nothing."""


def same_rows(ours: Path, peer: Path, tables: Sequence[str]) -> dict[str, int]:
    """How many rows each table has in both lakes.

    Raises:
        DifferentOutcomeError: a table differs in a column, a type or a row.
    """
    return {table: _same(table, _rows(ours / table), _rows(peer / table)) for table in tables}


def same_versions(ours: Path, peer: Path, tables: Sequence[str]) -> None:
    """Both lakes made the same number of commits.

    Raises:
        DifferentOutcomeError: one side committed more often.
    """
    for table in tables:
        counts = [len(list((lake / table / "_delta_log").glob("*.json"))) for lake in (ours, peer)]
        if counts[0] != counts[1]:
            raise DifferentOutcomeError(f"{table}: {counts[0]} commits of ours, {counts[1]} of the peer")


def _rows(place: Path) -> pl.DataFrame:
    return pl.read_delta(str(place))


def _same(table: str, ours: pl.DataFrame, peer: pl.DataFrame) -> int:
    if dict(ours.schema) != dict(peer.schema):
        odd = [name for name in {**ours.schema, **peer.schema} if ours.schema.get(name) != peer.schema.get(name)]
        raise DifferentOutcomeError(f"{table}: other columns or types: {', '.join(odd)}")
    ordered = [
        frame.select(sorted(frame.columns)).sort(sorted(frame.columns), nulls_last=True) for frame in (ours, peer)
    ]
    if not ordered[0].equals(ordered[1]):
        raise DifferentOutcomeError(f"{table}: {ours.height} rows of ours, {peer.height} of the peer, and they differ")
    return ours.height


def report_of(lake: Path, source: str, digest: str) -> Mapping[str, Any]:
    """The validation report that the batch log keeps."""
    record = json.loads((lake / "batches" / source / f"{digest[:16]}.json").read_bytes())
    found: Mapping[str, Any] = record["report"]
    return found


def same_verdicts(ours: Sequence[Mapping[str, Any]], peer: Sequence[Mapping[str, Any]]) -> int:
    """How many checks both made, with the same outcome and, for rules, the same count or aggregate.

    Raises:
        DifferentOutcomeError: a check was made by one side only or came out differently.
    """
    wanted, found = (_judged(side) for side in (ours, peer))
    if list(wanted) != list(found):
        raise DifferentOutcomeError(f"the two sides made different checks: {sorted(set(wanted) ^ set(found))[:3]}")
    for name, (outcome, measured) in wanted.items():
        other, value = found[name]
        if outcome != other or (name[0] == "rules" and not _close(measured, value)):
            raise DifferentOutcomeError(f"{name}: ours {outcome} at {measured}, the peer {other} at {value}")
    return len(wanted)


def _judged(checks: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], tuple[str, float | None]]:
    """Rules by their place in the contract, distances by their column, each with its outcome and what was measured."""
    rules = [one for one in checks if one["gate"] == "rules"]
    named = {("rules", f"{place}", one["name"]): one for place, one in enumerate(rules)}
    named |= {(one["gate"], one["name"], one["subject"]): one for one in checks if one["gate"] == "significance"}
    return {name: (one["outcome"], one["measured"]) for name, one in named.items()}


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one == other
    return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
