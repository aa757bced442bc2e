"""Which columns are likely about persons, by their names and by what their values look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from modelyard.gates.contract import Clean
from modelyard.gates.drafting.identifying import WORDS, words_of

MOSTLY = 0.5
"""Share of the values from which on a pattern counts."""
FEWEST_VALUES = 12
"""Fewer different values say nothing about a single person."""
SHAPES: Mapping[str, str] = {
    "e-mail address": r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$",
    "telephone number": r"^(\+|00|\(|0)[\d ()/.-]{6,20}$",
    "IP address": r"^(\d{1,3}\.){3}\d{1,3}$|^[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){5,7}$",
    "bank account": r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$",
    "card number": r"^(\d[ -]?){15,18}\d$",
    "social security number": r"^\d{3}-\d{2}-\d{4}$",
}
FULL_NAME = r"^\p{Lu}[\p{L}'.-]+,? (\p{Lu}[\p{L}'.-]* )*\p{Lu}[\p{L}'-]+$"
"""Two or more words with capitals: a person, where the column is called `name` and nothing else."""
TELLING: Mapping[str, str] = {
    "email": "e-mail address",
    "mail": "e-mail address",
    "phone": "telephone number",
    "telephone": "telephone number",
    "mobile": "telephone number",
    "fax": "telephone number",
    "surname": "name of a person",
    "firstname": "name of a person",
    "lastname": "name of a person",
    "fullname": "name of a person",
    "username": "name of a person",
    "address": "address",
    "street": "address",
    "birthday": "date of birth",
    "birthdate": "date of birth",
    "dob": "date of birth",
    "ssn": "social security number",
    "passport": "passport",
    "iban": "bank account",
    "ip": "IP address",
    "signature": "name of a person",
}
PERSONS = frozenset(
    {"account", "applicant", "borrower", "cardholder", "citizen", "client", "contact", "customer", "donor", "driver"}
    | {"employee", "guest", "holder", "insured", "member", "owner", "participant", "passenger", "patient", "person"}
    | {"player", "student", "subscriber", "taxpayer", "tenant", "user", "visitor"}
)
PARTS_OF_A_NAME = frozenset({"birth", "family", "first", "full", "given", "last", "maiden", "middle"})


@dataclass(frozen=True, slots=True)
class Guess:
    """Why a column may be personal, and what CLEAN should do with it."""

    what: str
    why: str
    """What it was told by: the name, or the values."""
    clean: Clean


def guess_personal(values: pl.Series, *, in_key: bool) -> Guess | None:
    """What a column may say about a person; None where nothing speaks for it.

    What names a person in place of saying who it is (a customer's number), and whatever the key needs, is hashed, so
    that rows still find each other. The rest is dropped.
    """
    words = words_of(values.name)
    named, pseudonymous = _by_name(words)
    shaped = _by_shape(values)
    what = shaped or (named if _tells_apart(values) else None)
    if what is None:
        return None
    hashed = in_key or (pseudonymous and shaped is None)
    return Guess(what, "its values" if shaped else "its name", "hash" if hashed else "drop")


def _by_name(words: tuple[str, ...]) -> tuple[str | None, bool]:
    """What a name says, and whether that is a number for a person and not the person."""
    joined = "".join(words)
    for word in (*words, joined):
        if word in TELLING:
            return TELLING[word], False
    present = set(words)
    if "name" in present and present & (PERSONS | PARTS_OF_A_NAME):
        return "name of a person", False
    if "birth" in present and present & {"date", "day", "place"}:
        return "date of birth", False
    if (present & PERSONS and present & WORDS) or joined in {f"{one}id" for one in PERSONS}:
        return "number of a person", True
    return None, False


def _tells_apart(values: pl.Series) -> bool:
    """Whether there are enough different values to tell people apart: `phone_service`, yes or no, is no number."""
    return values.drop_nulls().n_unique() >= min(FEWEST_VALUES, max(2, values.len() // 2))


def _by_shape(values: pl.Series) -> str | None:
    if values.dtype != pl.String:
        return None
    present = values.drop_nulls()
    if present.is_empty():
        return None
    named = {"name of a person": FULL_NAME} if words_of(values.name) == ("name",) else {}
    for what, pattern in {**SHAPES, **named}.items():
        if float(present.str.contains(pattern).sum()) > MOSTLY * present.len():
            return what
    return None
