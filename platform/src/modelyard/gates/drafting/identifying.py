"""Which columns name a row, found out from a sample."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from modelyard.gates.contract import Physical

WORDS = frozenset({"id", "key", "code", "number", "no", "nr", "num", "uuid", "guid", "ref", "reference", "identifier"})
TIMES: tuple[Physical, ...] = ("date", "timestamp", "timestamptz")
JOINED = 6
"""From so many letters on, a word that ends in `id` is likely two: orderid, but not paid or grid."""
MOST_COLUMNS = 3
"""A combination of more columns is no key that anybody would name."""
MOST_CANDIDATES = 14
ENOUGH_ROWS = 20
"""In fewer rows nearly everything is unique."""


def words_of(name: str) -> tuple[str, ...]:
    """The words that a column's name is made of: `customerID` and `customer_id` are customer, id."""
    spaced = "".join(
        f" {letter}" if letter.isupper() and place and name[place - 1].islower() else letter
        for place, letter in enumerate(name)
    )
    return tuple("".join(letter if letter.isalnum() else " " for letter in spaced).lower().split())


def is_identifier(name: str) -> bool:
    """Whether a column's name says that its values name something."""
    last = words_of(name)[-1:]
    return any(word in WORDS or (word.endswith("id") and len(word) >= JOINED) for word in last)


def find_key(frame: pl.DataFrame, types: dict[str, Physical]) -> tuple[str, ...]:
    """The columns that name a row: one if one does, else the smallest combination; empty where there is none.

    Measurements name nothing, even where each value happens to occur once.
    """
    if frame.height < ENOUGH_ROWS:
        usual = [name for name in _candidates(frame, types) if is_identifier(name) and _is_unique(frame, (name,))]
        return tuple(usual[:1])
    candidates = _candidates(frame, types)
    for size in range(1, MOST_COLUMNS + 1):
        for names in combinations(candidates, size):
            if _is_plausible(names, types) and _is_unique(frame, names):
                return names
    return ()


def _candidates(frame: pl.DataFrame, types: dict[str, Physical]) -> list[str]:
    """Columns without gaps that may name something, the likeliest first."""
    whole = [name for name in frame.columns if not frame.get_column(name).null_count()]
    naming = [name for name in whole if types[name] == "string" or types[name] in TIMES or is_identifier(name)]
    order = {name: place for place, name in enumerate(frame.columns)}
    likely = sorted(naming, key=lambda name: (not is_identifier(name), types[name] == "string", order[name]))
    return likely[:MOST_CANDIDATES]


def _is_unique(frame: pl.DataFrame, names: tuple[str, ...]) -> bool:
    return frame.select(names).is_duplicated().sum() == 0


def _is_plausible(names: tuple[str, ...], types: dict[str, Physical]) -> bool:
    """A combination needs an identifier or a time in it; free texts together are unique by chance."""
    if len(names) == 1:
        return True
    return any(is_identifier(name) or types[name] in TIMES for name in names)
