"""Read one batch file into a frame of the contract's types, its column names untouched."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from modelyard.gates.contract import Column, Contract, polars_type
from modelyard.gates.files import Limits, Opened, open_file
from modelyard.gates.layout import inspect
from modelyard.gates.parsing import EXAMPLES, parse_texts
from modelyard.gates.report import Finding


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as a table, or why it is none."""

    digest: str
    """sha256 of the file's bytes, in hex; empty where it could not be read."""
    columns: tuple[str, ...] = ()
    """The names in the file, in its order; empty where they could not be read."""
    frame: pl.DataFrame | None = None
    """The contract's columns that are there, in the contract's order and types; None where a value does not parse."""
    format_findings: tuple[Finding, ...] = ()
    type_findings: tuple[Finding, ...] = ()


def read_batch(path: Path, contract: Contract, limits: Limits | None = None) -> Reading:
    """Read the batch at `path` as `contract` says. Bad input ends in findings, never in an exception."""
    limits = limits or Limits()
    return parse(open_file(path, limits), contract, limits)


def parse(opened: Opened, contract: Contract, limits: Limits) -> Reading:
    """Make a table of a file that has been opened."""
    if opened.findings:
        return Reading(opened.digest, format_findings=opened.findings)
    if opened.format == "csv":
        return _csv(opened, contract, limits)
    raw = read_typed(opened, limits)
    return raw if isinstance(raw, Reading) else _typed(raw, contract, opened)


def _csv(opened: Opened, contract: Contract, limits: Limits) -> Reading:
    layout = inspect(opened.payload, limits)
    if layout.findings:
        return Reading(opened.digest, layout.header, format_findings=layout.findings)
    try:
        texts = pl.read_csv(opened.payload, infer_schema=False, raise_if_empty=False)
    except pl.exceptions.PolarsError as error:
        return Reading(opened.digest, layout.header, format_findings=(_unreadable("CSV", error),))
    if tuple(texts.columns) != layout.header or texts.height != layout.rows:
        message = f"reads as {texts.height:,} rows where {layout.rows:,} lines were counted"
        finding = Finding("format", "ragged", "file", message, hint="look for quotes inside unquoted values")
        return Reading(opened.digest, layout.header, format_findings=(finding,))
    typed, findings = parse_texts(texts, contract)
    return Reading(opened.digest, layout.header, None if findings else typed, type_findings=tuple(findings))


def read_typed(opened: Opened, limits: Limits) -> pl.DataFrame | Reading:
    """The rows of a Parquet or JSON lines file in the types that it gives them, or what is wrong with it."""
    kind = "Parquet" if opened.format == "parquet" else "JSON lines"
    if opened.format == "json" and not opened.payload.endswith((b"\n", b"}")):
        message = "ends in the middle of a line"
        finding = Finding("format", "truncated", "file", message, allowed="one whole JSON object a line")
        return Reading(opened.digest, format_findings=(finding,))
    try:
        raw = _parsed(opened)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        return Reading(opened.digest, format_findings=(_unreadable(kind, error),))
    columns = tuple(raw.columns)
    if len(columns) > limits.columns:
        found = f"{len(columns):,}"
        finding = Finding("format", "too_many_columns", "file", "has too many columns", found, f"{limits.columns:,}")
        return Reading(opened.digest, columns, format_findings=(finding,))
    if raw.height == 0 or not columns:
        finding = Finding("format", "header_only", "file", "has columns and no rows", "0 rows", "at least one row")
        return Reading(opened.digest, columns, format_findings=(finding,))
    return raw


def _parsed(opened: Opened) -> pl.DataFrame:
    if opened.format == "parquet":
        return pl.read_parquet(BytesIO(opened.payload), use_statistics=False)
    # All rows decide on the types: a column that turns to decimals in its last row is a column of decimals.
    return pl.read_ndjson(BytesIO(opened.payload), infer_schema_length=None)


def _typed(raw: pl.DataFrame, contract: Contract, opened: Opened) -> Reading:
    present = [column for column in contract.columns if column.name in raw.columns]
    findings: list[Finding] = []
    series: list[pl.Series] = []
    for column in present:
        # JSON has no dates and no times: there, texts that say them are what the contract means.
        spelt = opened.format == "json" and column.physical in {"date", "timestamp", "timestamptz"}
        converted, problem = _converted(raw[column.name], column, contract, spelt=spelt)
        findings.extend([problem] if problem else [])
        series.extend([converted] if converted is not None else [])
    frame = pl.DataFrame(series) if len(series) == len(present) else None
    return Reading(opened.digest, tuple(raw.columns), frame, type_findings=tuple(findings))


def _converted(
    values: pl.Series, column: Column, contract: Contract, *, spelt: bool
) -> tuple[pl.Series | None, Finding | None]:
    """The values in the contract's type, if no information is lost; and what is wrong with the type they have."""
    wanted = polars_type(column.physical)
    if values.dtype == pl.String and column.physical != "string":
        parsed, problems = parse_texts(values.to_frame(), contract)
        finding = problems[0] if problems else None if spelt else _type_finding(column, values.dtype)
        return (None if problems else parsed[column.name]), finding
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    if values.dtype == pl.Null:
        return values.cast(wanted), None
    if not _same_family(values.dtype, wanted):
        return None, _type_finding(column, values.dtype)
    if values.dtype.is_float():
        values = values.fill_nan(None)
    cast = values.cast(wanted, strict=False)
    lost = values.is_not_null() & (cast.is_null() | _changed(values, cast))
    if wanted.is_float():
        lost = lost | (cast.is_infinite().fill_null(value=False))
    return (None, _loss_finding(column, values, lost)) if lost.any() else (cast, None)


def _changed(values: pl.Series, cast: pl.Series) -> pl.Series:
    if values.dtype.is_numeric() and not values.dtype.is_float() and cast.dtype.is_float():
        return (cast.cast(values.dtype, strict=False) != values).fill_null(value=True)
    return (cast.cast(values.dtype, strict=False) != values).fill_null(value=False)


def _same_family(actual: pl.DataType, wanted: pl.DataType) -> bool:
    if wanted.is_numeric():
        return actual.is_numeric()
    if isinstance(wanted, pl.Datetime):
        return isinstance(actual, pl.Datetime) and (actual.time_zone is None) == (wanted.time_zone is None)
    return actual == wanted


def _type_finding(column: Column, actual: pl.DataType) -> Finding:
    message = f"arrives as {actual}, not as {column.physical}"
    return Finding("schema", "type", column.name, message, found=str(actual), allowed=column.physical)


def _loss_finding(column: Column, values: pl.Series, lost: pl.Series) -> Finding:
    rows = lost.arg_true().head(EXAMPLES).to_list()
    examples = tuple(f"row {row + 1}: {values[row]!r}" for row in rows)
    message = f"has {lost.sum():,} values that {column.physical} cannot hold"
    found, allowed, count = repr(values[rows[0]]), column.physical, int(lost.sum())
    return Finding("schema", "type", column.name, message, found, allowed, rows=count, examples=examples)


def _unreadable(kind: str, error: BaseException) -> Finding:
    said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return Finding(
        "format", "corrupt", "file", f"cannot be read as {kind}: {said}", hint="copy it again from where it was made"
    )
