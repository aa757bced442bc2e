"""The draft of a contract, and what a person should look at before trusting it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import SampleRefusedError
from modelyard.gates.contract import Clean, Delivery
from modelyard.gates.drafting.columns import ColumnDraft, draft_column, expectation
from modelyard.gates.drafting.identifying import TIMES, find_key, words_of
from modelyard.gates.drafting.personal import Guess, guess_personal
from modelyard.gates.drafting.sample import Sample

FEW_ROWS = 200
"""In fewer rows, bounds and keys are guesses."""
LEAST_ROWS = 0.1
"""A delivery has at least this share of the sample's rows."""
BORN = frozenset({"birth", "born", "dob", "birthday", "birthdate"})


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person has said about a source, in place of what its sample suggests."""

    key: tuple[str, ...] | None = None
    delivery: Delivery | None = None
    personal: Mapping[str, Clean] | None = None
    """Column to drop, hash or keep."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A contract that has yet to be reviewed."""

    source: str
    rows: int
    columns: tuple[ColumnDraft, ...]
    delivery: Delivery
    missing: tuple[str, ...]
    server: Mapping[str, str]
    review: tuple[str, ...]
    """What a person should look at, one sentence each."""

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row, by their names in the file."""
        keyed = sorted((column.key_position, column.name) for column in self.columns if column.key_position)
        return tuple(name for _, name in keyed)

    def to_document(self) -> dict[str, Any]:
        """The contract as the Open Data Contract Standard writes it."""
        fewest = max(1, int(self.rows * LEAST_ROWS))
        rule = expectation(
            "expect_table_row_count_to_be_between", {"min_value": fewest}, "a delivery is no mere remnant"
        )
        return {
            "apiVersion": "v3.1.0",
            "kind": "DataContract",
            "id": self.source.replace("_", "-"),
            "name": " ".join(words_of(self.source)).capitalize(),
            "version": "0.1.0",
            "status": "draft",
            "description": {
                "purpose": f"Drafted from a sample of {self.rows:,} rows; to be reviewed.",
                "limitations": "Types, key, personal columns and bounds are what the sample suggests.",
            },
            "servers": [dict(self.server)],
            "schema": [
                {
                    "name": self.source,
                    "physicalName": Path(self.server["path"]).name,
                    "properties": [column.to_document() for column in self.columns],
                    "customProperties": [
                        {"property": "delivery", "value": self.delivery},
                        {"property": "missingValues", "value": list(self.missing)},
                    ],
                    "quality": [rule],
                }
            ],
        }


def draft_contract(source: str, sample: Sample, *, path: str, wishes: Wishes | None = None) -> Draft:
    """What a sample says about its source.

    Args:
        source: The source's name.
        sample: Some rows of it; a few thousand say more than a hundred.
        path: Where deliveries come from, as the contract is to say it.
        wishes: What is known already; it goes before what the sample suggests.

    Raises:
        SampleRefusedError: a wish names no column, or a key that does not name every row.
    """
    wishes = wishes or Wishes()
    _check_wishes(sample, wishes)
    key = find_key(sample.frame, sample.types) if wishes.key is None else wishes.key
    names = clean_names(sample.frame.columns)
    columns = tuple(
        draft_column(
            sample.frame.get_column(name),
            sample.types[name],
            clean_name=names[name],
            key=key,
            personal=_personal(sample, name, key, wishes),
        )
        for name in sample.frame.columns
    )
    delivery = wishes.delivery or _delivery(sample)
    server = {"server": "local", "type": "local", "path": path, "format": sample.format}
    rows = sample.frame.height
    review = _review(sample, columns, key, delivery=delivery, wishes=wishes)
    return Draft(source, rows, columns, delivery, sample.missing, server, review)


def clean_names(names: list[str]) -> dict[str, str]:
    """What CLEAN calls each column: lower case words with underscores, no name twice."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^a-z0-9]+", "_", "_".join(words_of(name)).encode("ascii", "ignore").decode()).strip("_")
        plain = plain if plain and not plain[0].isdigit() else f"column_{plain}".strip("_")
        number, unique = 1, plain
        while unique in found.values():
            number += 1
            unique = f"{plain}_{number}"
        found[name] = unique
    return found


def _personal(sample: Sample, name: str, key: tuple[str, ...], wishes: Wishes) -> Guess | None:
    guess = guess_personal(sample.frame.get_column(name), in_key=name in key)
    wish = (wishes.personal or {}).get(name)
    if wish is None:
        return guess
    what = guess.what if guess else "as somebody said who knows"
    return None if wish == "keep" else Guess(what, "a person's word", wish)


def _delivery(sample: Sample) -> Delivery:
    """Rows with a time of their own come bit by bit; a table of things is delivered whole."""
    times = [name for name, kind in sample.types.items() if kind in TIMES and not set(words_of(name)) & BORN]
    return "increment" if times else "snapshot"


def _check_wishes(sample: Sample, wishes: Wishes) -> None:
    named = (*(wishes.key or ()), *(wishes.personal or {}))
    unknown = [name for name in named if name not in sample.frame.columns]
    if unknown:
        raise SampleRefusedError(
            f"{sample.file} has no column {', '.join(map(repr, unknown))}; found {', '.join(sample.frame.columns)}",
            hint="name a column of the file in --key and --personal",
        )
    if not wishes.key:
        return
    keys = sample.frame.select(wishes.key)
    repeated = int(keys.is_duplicated().sum())
    gaps = sum(keys.null_count().row(0))
    if repeated or gaps:
        found = f"{repeated:,} rows share their key" if repeated else f"{gaps:,} values are missing in it"
        raise SampleRefusedError(
            f"{', '.join(wishes.key)} is no key of {sample.file}: {found}; allowed: one row for each key",
            hint="name more columns in --key, or leave it out",
        )


def _review(
    sample: Sample, columns: tuple[ColumnDraft, ...], key: tuple[str, ...], *, delivery: Delivery, wishes: Wishes
) -> tuple[str, ...]:
    said = []
    if wishes.key is None:
        said.append(
            f"key: {', '.join(key)} names each of the {sample.frame.height:,} rows; will it always?"
            if key
            else "key: no column or combination names a row, so repeated rows are found by whole files only"
        )
    why = "rows have a time" if delivery == "increment" else "nothing says when a row happened"
    if wishes.delivery is None:
        meaning = "each delivery adds rows" if delivery == "increment" else "each delivery replaces the last"
        said.append(f"delivery: {delivery}, since {why}: {meaning}")
    said += [f"{one.name}: {_told(one.personal)}" for one in columns if one.personal]
    said += [f"{name}: {_listed(marks)} taken as values; are they?" for name, marks in sample.doubtful.items()]
    said += [f"{one.name}: no value in the sample, so nothing is known of it" for one in columns if _empty(sample, one)]
    if sample.frame.height < FEW_ROWS:
        said.append(f"bounds: {sample.frame.height:,} rows are few; widen what is too narrow")
    return tuple(said)


def _told(guess: Guess | None) -> str:
    assert guess is not None
    done = "CLEAN drops it" if guess.clean == "drop" else "CLEAN hashes it"
    return f"likely personal by {guess.why} ({guess.what}); {done}"


def _listed(marks: tuple[str, ...]) -> str:
    return ", ".join(map(repr, marks)) + (" is" if len(marks) == 1 else " are")


def _empty(sample: Sample, column: ColumnDraft) -> bool:
    return sample.frame.get_column(column.name).null_count() == sample.frame.height
