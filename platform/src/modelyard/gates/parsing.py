"""From texts to the contract's physical types, strictly: a value that does not parse is a finding, never a null."""

from __future__ import annotations

import polars as pl

from modelyard.gates.contract import Column, Contract, polars_type
from modelyard.gates.report import Finding

EXAMPLES = 3
SHOWN = 60
"""Characters of a wrong value that a message shows."""
TIMESTAMP_PATTERN = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}"
DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
"""Programs write their truth in three ways; 0, 1, yes and no may mean something else."""
ALLOWED = {
    "string": "text",
    "int": "a whole number of 32 bits",
    "bigint": "a whole number of 64 bits",
    "double": "a finite number with a decimal point",
    "boolean": "true or false",
    "date": "a date such as 2013-01-31",
    "timestamp": "a time such as 2013-01-31T05:00:00",
    "timestamptz": "a time with its zone, such as 2013-01-31T05:00:00Z",
}


def parse_texts(frame: pl.DataFrame, contract: Contract) -> tuple[pl.DataFrame, list[Finding]]:
    """Parse the text columns of `frame` that the contract names; other columns are left out.

    Returns:
        The typed frame in the contract's order, and a finding for each column with values that do not parse.
    """
    columns = [column for column in contract.columns if column.name in frame.columns]
    texts = frame.lazy().select(_without_missing(column.name, contract) for column in columns)
    parsed = texts.with_columns(
        _parsed(column).name.prefix("parsed:") for column in columns if column.physical != "string"
    )
    collected = parsed.collect()
    findings = [
        found
        for column in columns
        if column.physical != "string" and (found := _unparsed(collected, column)) is not None
    ]
    typed = collected.select(
        pl.col(column.name if column.physical == "string" else f"parsed:{column.name}").alias(column.name)
        for column in columns
    )
    return typed, findings


def _without_missing(name: str, contract: Contract) -> pl.Expr:
    tokens = sorted(contract.missing)
    return pl.when(pl.col(name).is_in(tokens)).then(None).otherwise(pl.col(name)).alias(name)


def _parsed(column: Column) -> pl.Expr:
    """The column's values, null where a text is not what the contract says."""
    text = pl.col(column.name)
    if column.physical in {"int", "bigint"}:
        return text.cast(polars_type(column.physical), strict=False)
    if column.physical == "double":
        number = text.cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    if column.physical == "boolean":
        return text.replace_strict(BOOLEANS, default=None, return_dtype=pl.Boolean)
    if column.physical == "date":
        return pl.when(text.str.contains(DATE_PATTERN)).then(text.str.to_date("%Y-%m-%d", strict=False))
    shape = "%+" if column.physical == "timestamptz" else "%Y-%m-%dT%H:%M:%S%.f"
    zone = "UTC" if column.physical == "timestamptz" else None
    # Databases and spreadsheets write a blank where the standard writes a T.
    marked = text.str.replace(" ", "T", literal=True)
    moment = marked.str.to_datetime(shape, strict=False, time_unit="us", time_zone=zone)
    return pl.when(text.str.contains(TIMESTAMP_PATTERN)).then(moment)


def _unparsed(frame: pl.DataFrame, column: Column) -> Finding | None:
    bad = frame[column.name].is_not_null() & frame[f"parsed:{column.name}"].is_null()
    count = int(bad.sum())
    if not count:
        return None
    rows = bad.arg_true().head(EXAMPLES).to_list()
    examples = tuple(f"row {row + 1}: {_shown(frame[column.name][row])}" for row in rows)
    message = f"has {count:,} values that are not {ALLOWED[column.physical]}"
    return Finding(
        "schema",
        "type",
        column.name,
        message,
        found=_shown(frame[column.name][rows[0]]),
        allowed=ALLOWED[column.physical],
        rows=count,
        examples=examples,
        hint=_cause(frame[column.name].filter(bad)),
    )


def _cause(texts: pl.Series) -> str:
    """A likely reason why these texts do not parse."""
    causes = (
        (r"^-?\d+,\d+$", "the decimal sign is a comma"),
        (r"^-?\d+\.0+$", "whole numbers were written as decimals"),
        (r"(?i)^(nan|[+-]?inf(inity)?|.*e\d{3,})$", "the numbers are not finite"),
        (r"(?i)^(na|n/a|null|none|nil|-|\?|\.)$", "this is a mark for a missing value that the contract does not list"),
        (r"^\s|\s$", "there are blanks around the values"),
        (r"^-?\d{10,}$", "the numbers are too large for the type"),
    )
    for pattern, cause in causes:
        if texts.str.contains(pattern).all():
            return cause
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
