"""One column of a draft: what the sample says about it, as the contract will, and what a person should look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from modelyard.gates.contract import Physical
from modelyard.gates.drafting.bounds import LISTED_MOSTLY, least_filled, listed_values, number_limits, text_limits
from modelyard.gates.drafting.identifying import TIMES, words_of
from modelyard.gates.drafting.personal import Guess

LOGICAL: dict[Physical, str] = {
    "string": "string",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}
NEARLY_ALL = 0.5
"""Share of different values from which on a distribution of values says nothing."""


@dataclass(frozen=True, slots=True)
class ColumnDraft:
    """One column, as far as a sample tells."""

    name: str
    clean_name: str
    physical: Physical
    required: bool
    key_position: int | None
    personal: Guess | None
    description: str
    limits: dict[str, Any] = field(default_factory=dict)
    values: list[str] | None = None
    """The values that it has, where they are few."""
    filled: float | None = None
    """The share of rows that must have a value, where some have none."""
    excluded: str = ""
    """Why it is not compared with stored data."""

    def to_document(self) -> dict[str, Any]:
        """The column as the Open Data Contract Standard writes it."""
        document: dict[str, Any] = {"name": self.name, "logicalType": LOGICAL[self.physical]}
        document["physicalType"] = self.physical
        if self.required:
            document["required"] = True
        if self.key_position:
            document |= {"primaryKey": True, "primaryKeyPosition": self.key_position}
        if self.personal:
            document["classification"] = "personal"
        document["description"] = self.description
        if self.limits:
            document["logicalTypeOptions"] = self.limits
        if settings := self._settings():
            document["customProperties"] = [{"property": name, "value": value} for name, value in settings.items()]
        if rules := self._rules():
            document["quality"] = rules
        return document

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        if self.personal:
            settings["clean"] = self.personal.clean
        if self.clean_name != self.name:
            settings["cleanName"] = self.clean_name
        if self.excluded:
            settings["significance"] = {"excluded": self.excluded}
        return settings

    def _rules(self) -> list[dict[str, Any]]:
        rules = []
        if self.values:
            kwargs = {"value_set": self.values, "mostly": LISTED_MOSTLY}
            rules.append(expectation("expect_column_values_to_be_in_set", kwargs, "the values of the sample"))
        if self.filled:
            kwargs = {"mostly": self.filled}
            rules.append(expectation("expect_column_values_to_not_be_null", kwargs, "as many as in the sample, nearly"))
        return rules


def expectation(kind: str, kwargs: dict[str, Any], why: str) -> dict[str, Any]:
    """A rule as the standard writes it."""
    return {
        "type": "custom",
        "engine": "greatExpectations",
        "description": why,
        "implementation": {"type": kind, "kwargs": kwargs},
    }


def draft_column(
    values: pl.Series, physical: Physical, *, clean_name: str, key: tuple[str, ...], personal: Guess | None
) -> ColumnDraft:
    """What the sample says about one column. No value of a personal column gets into it."""
    position = key.index(values.name) + 1 if values.name in key else None
    distinct = values.drop_nulls().n_unique()
    naming = position is not None and len(key) == 1
    return ColumnDraft(
        name=values.name,
        clean_name=clean_name,
        physical=physical,
        required=not values.null_count() and not values.is_empty(),
        key_position=position,
        personal=personal,
        description=_described(values, physical, distinct, personal),
        limits=_limits(values, physical, naming=naming, personal=personal),
        values=None if personal or physical != "string" else listed_values(values),
        filled=least_filled(values),
        excluded=_excluded(values, physical, distinct),
    )


def _limits(values: pl.Series, physical: Physical, *, naming: bool, personal: Guess | None) -> dict[str, Any]:
    if physical in {"bigint", "double"} and not personal:
        limits = number_limits(values, words_of(values.name))
        return {key: value for key, value in limits.items() if not naming or key == "minimum"}
    if physical == "string" and (personal or listed_values(values) is None):
        return text_limits(values)
    return {}


def _excluded(values: pl.Series, physical: Physical, distinct: int) -> str:
    if physical in TIMES or physical in {"double", "boolean"}:
        return ""
    if distinct and distinct >= NEARLY_ALL * values.len() and (physical == "string" or distinct == values.len()):
        return "nearly every value is different"
    return "" if distinct else "the sample has no value"


def _described(values: pl.Series, physical: Physical, distinct: int, personal: Guess | None) -> str:
    words = " ".join(words_of(values.name)).capitalize() or values.name
    gaps = values.null_count()
    missing = f"; missing in {gaps:,} of {values.len():,} rows" if gaps else ""
    if personal:
        return f"{words}: likely personal, {personal.what}{missing}"
    if (physical in {"bigint", "double"} or physical in TIMES) and distinct:
        return f"{words}: {values.min()!s} to {values.max()!s} in the sample{missing}"
    return f"{words}: {distinct:,} different values in the sample{missing}"
