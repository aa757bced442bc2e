"""A sample of a new source as a table: read as strictly as a batch, with types found out instead of declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from modelyard.errors import SampleRefusedError
from modelyard.gates.contract import Column, Contract, Physical
from modelyard.gates.files import Limits, Opened, open_file
from modelyard.gates.layout import inspect
from modelyard.gates.parsing import parse_texts
from modelyard.gates.reading import Reading, read_typed
from modelyard.gates.report import Finding

MARKS = ("", "NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "#N/A", "?", "-", ".")
"""Texts that programs write where there is no value."""
PLAIN_MARKS = frozenset({"NA", "N/A", "NULL", "null", "None", "NaN", "nan"})
"""Marks that are pointed out where they stand among texts, in which they may be values."""
TRIED: tuple[Physical, ...] = ("boolean", "bigint", "double", "date", "timestamp", "timestamptz")
NUMBER = r"^[+-]?(\d+([.,]\d*)?|\.\d+)([eE][+-]?\d+)?$"
NUMBERED = r"^[+-]?0\d|^\+|^\d{16,}$"
"""Texts of digits that are names of something: post codes, telephone numbers, card numbers."""
FEWEST_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a source, in the types that its contract will name."""

    file: Path
    format: str
    """csv, parquet or json."""
    frame: pl.DataFrame
    types: dict[str, Physical]
    missing: tuple[str, ...]
    """The texts that stand for a missing value in this file."""
    doubtful: dict[str, tuple[str, ...]]
    """Texts that look like such a mark in columns of texts, where they were taken as values."""


def read_sample(file: Path, limits: Limits | None = None) -> Sample:
    """The sample in a CSV, Parquet or JSON lines file.

    Raises:
        SampleRefusedError: it cannot be read, or holds too little to say anything about its source.
    """
    limits = limits or Limits()
    opened = open_file(file, limits)
    _refuse_findings(file, opened.findings)
    sample = _csv(file, opened, limits) if opened.format == "csv" else _typed(file, opened, limits)
    _check_width(file, sample.frame)
    return sample


def _csv(file: Path, opened: Opened, limits: Limits) -> Sample:
    layout = inspect(opened.payload, limits)
    _refuse_findings(file, layout.findings)
    _check_header(file, layout.header)
    try:
        texts = pl.read_csv(opened.payload, infer_schema=False, raise_if_empty=False)
    except pl.exceptions.PolarsError as error:
        raise SampleRefusedError(f"{file}: cannot be read as CSV: {error}", hint=_again(file)) from error
    types = {name: _kind(texts.get_column(name)) for name in texts.columns}
    missing = _missing(texts, types)
    typed, findings = parse_texts(texts, _as_contract(types, missing))
    _refuse_findings(file, findings)
    doubtful = {
        name: tuple(sorted(set(texts.get_column(name).unique()) & (PLAIN_MARKS - set(missing))))
        for name, kind in types.items()
        if kind == "string"
    }
    found = {name: marks for name, marks in doubtful.items() if marks}
    return Sample(file, "csv", typed, types, missing, found)


def _typed(file: Path, opened: Opened, limits: Limits) -> Sample:
    raw = read_typed(opened, limits)
    if isinstance(raw, Reading):
        _refuse_findings(file, raw.format_findings)
        raise SampleRefusedError(f"{file}: cannot be read", hint=_again(file))
    types: dict[str, Physical] = {}
    for name, dtype in raw.schema.items():
        # JSON has no dates and no times: they come as texts.
        types[name] = _kind(raw[name], json=True) if dtype == pl.String and opened.format == "json" else _named(dtype)
        if types[name] == "int":
            raise SampleRefusedError(
                f"{file}: column {name} holds {dtype}; allowed are numbers, texts, true or false, dates and times",
                hint=f"write {name} as one of these, and run modelyard data new again",
            )
    frame = raw.select(_cast(raw, name, kind) for name, kind in types.items())
    return Sample(file, opened.format, frame, types, ("",), {})


def _cast(raw: pl.DataFrame, name: str, kind: Physical) -> pl.Series:
    if raw.schema[name] == pl.String and kind != "string":
        return parse_texts(raw.select(name), _as_contract({name: kind}, ("",)))[0][name]
    wanted = _as_contract({name: kind}, ("",)).polars_schema()[name]
    values = raw.get_column(name).cast(wanted)
    return values.fill_nan(None) if wanted.is_float() else values


def _named(dtype: pl.DataType) -> Physical:
    """The physical type for a Polars type; `int`, which no sample gets otherwise, for one that no contract has."""
    if dtype.is_integer():
        return "bigint"
    if dtype.is_float() or dtype.is_decimal():
        return "double"
    if isinstance(dtype, pl.Datetime):
        return "timestamptz" if dtype.time_zone else "timestamp"
    named: dict[type[pl.DataType], Physical] = {
        pl.Boolean: "boolean",
        pl.Date: "date",
        pl.String: "string",
        pl.Categorical: "string",
        pl.Enum: "string",
        pl.Null: "string",
    }
    return next((kind for known, kind in named.items() if dtype == known), "int")


def _kind(texts: pl.Series, *, json: bool = False) -> Physical:
    """The narrowest physical type that every value of a column has; marks for missing values do not count."""
    distinct = texts.drop_nulls().unique()
    values = distinct.filter(~_is_mark(distinct))
    if values.is_empty() or values.str.contains(NUMBERED).any():
        return "string"
    tried = TRIED[3:] if json else TRIED
    frame = values.to_frame()
    for kind in tried:
        if not parse_texts(frame, _as_contract({texts.name: kind}, ("",)))[1]:
            return kind
    return "string"


def _is_mark(values: pl.Series) -> pl.Series:
    return values.is_in(MARKS) | (values.str.strip_chars() == "")


def _missing(texts: pl.DataFrame, types: dict[str, Physical]) -> tuple[str, ...]:
    """The marks that stand in a column whose other values are no texts: there, they cannot be values."""
    found = {""}
    for name, kind in types.items():
        if kind != "string":
            values = texts.get_column(name).drop_nulls().unique()
            found.update(values.filter(_is_mark(values)))
    return tuple(sorted(found))


def _as_contract(types: dict[str, Physical], missing: tuple[str, ...]) -> Contract:
    columns = tuple(Column(name, kind) for name, kind in types.items())
    plain = Contract(id="", version="", source="", columns=columns, rules=(), delivery="snapshot")
    return replace(plain, missing=frozenset(missing))


# what is refused


def _refuse_findings(file: Path, findings: list[Finding] | tuple[Finding, ...]) -> None:
    if not findings:
        return
    first = findings[0]
    found = f"; found {first.found}" if first.found else ""
    allowed = f"; allowed: {first.allowed}" if first.allowed else ""
    advice = f" ({first.hint})" if first.hint else ""
    raise SampleRefusedError(f"{file} {first.message}{found}{allowed}{advice}", hint=_again(file))


def _check_header(file: Path, header: tuple[str, ...]) -> None:
    numbers = pl.Series(header).str.contains(NUMBER).sum()
    if numbers * 2 >= len(header):
        shown = ", ".join(header[:6])
        raise SampleRefusedError(
            f"{file} seems to have no header: its first line is {shown}; allowed: a first line that names the columns",
            hint=f"write a header into {file.name}, and run modelyard data new again",
        )


def _check_width(file: Path, frame: pl.DataFrame) -> None:
    if frame.width < FEWEST_COLUMNS:
        raise SampleRefusedError(
            f"{file} has one column, {', '.join(frame.columns)}; allowed: at least {FEWEST_COLUMNS}, separated by ','",
            hint="if the columns are separated by something else, write the file with commas",
        )


def _again(file: Path) -> str:
    return f"correct {file.name}, or take another file of the source, and run modelyard data new again"
