"""The text of a CSV file: encoding, lines, delimiters and quotes, checked before anything is parsed.

A lenient parser would turn a damaged file into a table with some odd rows. So the layout is checked on the bytes
themselves: every line must have as many fields as the header.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

import numpy as np

from modelyard.gates.files import Limits
from modelyard.gates.report import Finding

BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
    (b"\xef\xbb\xbf", "UTF-8 with a byte order mark"),
)
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """The header's names and the number of lines below it, or what is wrong with the text."""

    header: tuple[str, ...] = ()
    rows: int = 0
    findings: tuple[Finding, ...] = field(default=())


def inspect(text: bytes, limits: Limits) -> Layout:
    """Check that `text` is UTF-8 and a rectangle of comma-separated fields that ends with a line break."""
    problem = _encoding_problem(text) or _foreign_problem(text)
    if problem:
        return Layout(findings=(problem,))
    header = _header(text, limits)
    if isinstance(header, Finding):
        return Layout(findings=(header,))
    rows = _rows(text, len(header), limits)
    if isinstance(rows, Finding):
        return Layout(header, findings=(rows,))
    return Layout(header, rows)


def _problem(code: str, message: str, **more: object) -> Finding:
    return Finding("format", code, "file", message, **more)  # type: ignore[arg-type]


def _encoding_problem(text: bytes) -> Finding | None:
    for mark, name in BYTE_ORDER_MARKS:
        if text.startswith(mark):
            # A mark is refused even before UTF-8: it is the trace of a program that opened the file and saved it
            # again, and such programs also rewrite dates, long numbers and leading zeros.
            hint = "was it opened and saved in a spreadsheet? offer the file as the source wrote it"
            return _problem("encoding", f"is {name}", found=name, allowed="UTF-8 without a byte order mark", hint=hint)
    if b"\x00" in text:
        place = text.index(b"\x00")
        hint = "this looks like UTF-16" if text[1:2] == b"\x00" or text[:1] == b"\x00" else "the file may be damaged"
        return _problem(
            "encoding", "has NUL bytes", found=f"the first at byte {place:,}", allowed="UTF-8 text", hint=hint
        )
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{text[error.start]:02x} in line {line:,}"
        return _problem(
            "encoding", "is not UTF-8", found=found, allowed="UTF-8", hint="was it written as latin-1 or cp1252?"
        )
    return None


def _foreign_problem(text: bytes) -> Finding | None:
    start = text[:512].lstrip()
    if not start:
        return _problem("empty", "holds nothing but blanks", allowed="a header and rows")
    if start[:1] == b"<":
        hint = "a web page, such as a sign-in or an error page, was saved in place of the data"
        return _problem(
            "not_what_it_says", "holds HTML or XML", found=repr(start[:20].decode()), allowed="CSV text", hint=hint
        )
    if start[:1] in {b"{", b"["}:
        return _problem(
            "not_what_it_says", "holds JSON", found=repr(start[:20].decode("utf-8", "replace")), allowed="CSV text"
        )
    if b"\n" not in text and b"\r" in text:
        return _problem("line_breaks", "has carriage returns only", found="\\r", allowed="\\n or \\r\\n")
    return None


def _header(text: bytes, limits: Limits) -> tuple[str, ...] | Finding:
    line, separator, _ = text.partition(b"\n")
    if len(line) > limits.line:
        return _problem(
            "line_too_long", "has a header of absurd length", found=f"{len(line):,} bytes", allowed=f"{limits.line:,}"
        )
    if not separator:
        return _problem("truncated", "stops within its first line", allowed="a header, rows, and a last line break")
    decoded = line.decode().rstrip("\r")
    try:
        names = tuple(next(csv.reader([decoded], strict=True), []))
    except csv.Error as error:
        return _problem(
            "quotes", f"has a header that cannot be read: {error}", found=decoded[:80], allowed="balanced quotes"
        )
    return _names_problem(names, decoded, limits) or names


def _names_problem(names: tuple[str, ...], line: str, limits: Limits) -> Finding | None:
    if len(names) > limits.columns:
        return _problem(
            "too_many_columns", "has too many columns", found=f"{len(names):,}", allowed=f"{limits.columns:,}"
        )
    for delimiter, word in OTHER_DELIMITERS.items():
        if line.count(delimiter) > line.count(","):
            hint = "in such files the decimal sign is often a comma too" if delimiter == ";" else ""
            return _problem(
                "delimiter", f"seems to be separated by {word}", found=repr(delimiter), allowed="','", hint=hint
            )
    if not all(name.strip() for name in names):
        return _problem("header", "has a column without a name", found=line[:80], allowed="a name for every column")
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        return _problem("header", "names a column twice", found=", ".join(twice), allowed="each name once")
    return None


def _rows(text: bytes, columns: int, limits: Limits) -> int | Finding:
    """The number of rows below the header, if all of them have `columns` fields."""
    content = np.frombuffer(text, dtype=np.uint8)
    breaks = np.flatnonzero(content == ord("\n"))
    commas = np.flatnonzero(content == ord(","))
    quotes = np.flatnonzero(content == ord('"'))
    if len(quotes):
        if len(quotes) % 2:
            return _problem(
                "quotes", "has a quote that is never closed", found=f"{len(quotes):,} quotes", allowed="an even number"
            )
        # Inside quotes, commas and line breaks are text: there the number of quotes before them is odd.
        breaks = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
        commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
    if not len(breaks) or breaks[-1] != len(content) - 1:
        hint = "a value that is cut off cannot be told from a whole one without the line break after it"
        return _problem(
            "truncated",
            "ends without a line break",
            found=_tail(text),
            allowed="a last line that is complete",
            hint=hint,
        )
    if len(breaks) == 1:
        return _problem("header_only", "has a header and no rows", found="0 rows", allowed="at least one row")
    longest = int(np.diff(breaks, prepend=-1).max())
    if longest > limits.line:
        return _problem(
            "line_too_long", "has a line of absurd length", found=f"{longest:,} bytes", allowed=f"{limits.line:,}"
        )
    fields = np.diff(np.searchsorted(commas, breaks), prepend=0) + 1
    blank = np.diff(breaks, prepend=-1) <= 1
    return _ragged(fields, blank, columns) or len(breaks) - 1


def _ragged(fields: np.ndarray, blank: np.ndarray, columns: int) -> Finding | None:
    odd = np.flatnonzero((fields != columns) | blank)
    if not len(odd):
        return None
    examples = tuple(f"row {row}: {0 if blank[row] else fields[row]} fields" for row in odd[:EXAMPLES])
    message = f"has rows with another number of fields than its header's {columns}"
    return _problem("ragged", message, allowed=f"{columns} fields", rows=len(odd), examples=examples)


def _tail(text: bytes) -> str:
    return repr(text[-24:].decode("utf-8", "replace"))
