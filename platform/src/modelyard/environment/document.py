"""Reads one settings file: plain YAML, strictly, remembering where each value stands.

YAML's surprises are left out: `on`, `no`, `0755`, `12:30` and dates are text, as people who write them mean;
duplicate keys, tabs, anchors, aliases, tags and a second document are refused. The reader does not recurse on
what it reads without a limit, so a hostile file cannot exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml
from yaml import events

KeyPath: TypeAlias = tuple[str | int, ...]

LARGEST_FILE = 262_144
DEEPEST_NESTING = 20
LONGEST_NUMBER = 19
"""Characters from which a whole number is text: it would not fit 64 bits."""
WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
MAPPING = "a mapping of keys to values"


class Place(NamedTuple):
    """Where something stands."""

    file: Path
    line: int
    """From 1; 0 where the whole file is meant."""


class Finding(NamedTuple):
    """One thing that is wrong with a settings file."""

    place: Place
    key: str
    """Path of the key with dots; empty where the whole file is meant."""
    found: str
    """What stands there. A value that may be a secret is not repeated."""
    allowed: str
    """What may stand there."""


@dataclass(slots=True)
class Document:
    """What one file says."""

    values: dict[str, Any] = field(default_factory=dict)
    """The settings, nested."""
    places: dict[KeyPath, Place] = field(default_factory=dict)
    """Where each key stands."""
    findings: list[Finding] = field(default_factory=list)
    """What is wrong with the file as YAML."""


def read_document(file: Path) -> Document:
    """Read one settings file; what is wrong with it is among the findings, never raised."""
    document = Document()
    try:
        text = _text_of(file)
        _Reader(file, document).read(text)
    except _UnreadableError as error:
        document.findings.append(error.finding)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        document.findings.append(_syntax_finding(file, line, error.problem or "not YAML", text))
    except yaml.YAMLError as error:
        document.findings.append(Finding(Place(file, 0), "", str(error).splitlines()[0], "YAML text"))
    return document


class _UnreadableError(Exception):
    """The file cannot be read any further."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.found)
        self.finding = finding


def _text_of(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise _UnreadableError(Finding(Place(file, 0), "", found, "a file that can be read")) from error
    if len(content) > LARGEST_FILE:
        found = f"{len(content)} bytes"
        raise _UnreadableError(Finding(Place(file, 0), "", found, f"a file of at most {LARGEST_FILE} bytes"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = f"byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise _UnreadableError(Finding(Place(file, line), "", found, "a file saved as UTF-8")) from error


def _syntax_finding(file: Path, line: int, problem: str, text: str) -> Finding:
    lines = text.splitlines()
    if 0 < line <= len(lines) and "\t" in lines[line - 1]:
        return Finding(Place(file, line), "", "a tab", "spaces: YAML does not take tabs for indentation")
    return Finding(Place(file, line), "", problem, "YAML")


class _Reader:
    """Builds plain values from the parser's events."""

    def __init__(self, file: Path, document: Document) -> None:
        self._file = file
        self._document = document
        self._events: Iterator[events.Event] = iter(())

    def read(self, text: str) -> None:
        """Read the one document of the file."""
        self._events = iter(yaml.parse(text, Loader=_parser()))
        self._next()
        first = self._next()
        if isinstance(first, events.StreamEndEvent):
            raise self._refusal(0, (), "nothing: the file is empty", MAPPING)
        value = self._value(self._next(), ())
        if not isinstance(value, dict):
            raise self._refusal(1, (), f"{describe_value(value)} instead of keys", MAPPING)
        self._document.values = value
        self._next()
        if isinstance(extra := self._next(), events.DocumentStartEvent):
            raise self._refusal(_line(extra), (), "a second document", "one document in a file")

    def _next(self) -> Any:  # noqa: ANN401  (the stubs know no common attributes of events)
        return next(self._events)

    def _refusal(self, line: int, path: KeyPath, found: str, allowed: str) -> _UnreadableError:
        return _UnreadableError(Finding(Place(self._file, line), dotted(path), found, allowed))

    def _value(self, event: Any, path: KeyPath) -> Any:  # noqa: ANN401  (YAML holds anything)
        line = _line(event)
        if isinstance(event, events.AliasEvent) or event.anchor is not None:
            raise self._refusal(line, path, "an anchor or alias", "the value itself, written out")
        if event.tag not in (None, "!"):
            raise self._refusal(line, path, f"the tag {event.tag}", "a value without a tag")
        if len(path) >= DEEPEST_NESTING:
            raise self._refusal(line, path[:3], "very deep nesting", f"at most {DEEPEST_NESTING} levels")
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(path)
        return event.value if event.style else _plain(event.value)

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := self._next(), events.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, events.ScalarEvent):
                raise self._refusal(line, path, "a key that is no text", "a word, a colon and a value")
            name = event.value
            here = (*path, name)
            if name in values:
                found = f"the key a second time (first: line {self._document.places[here].line})"
                self._document.findings.append(Finding(Place(self._file, line), dotted(here), found, "each key once"))
            self._document.places[here] = Place(self._file, line)
            values[name] = self._value(self._next(), here)
        return values

    def _sequence(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self._next(), events.SequenceEndEvent):
            here = (*path, len(values))
            self._document.places[here] = Place(self._file, _line(event))
            values.append(self._value(event, here))
        return values


def _line(event: Any) -> int:  # noqa: ANN401  (the stubs say that a mark may be missing; the parser sets it)
    return int(event.start_mark.line) + 1


def _parser() -> Any:  # noqa: ANN401  (two unrelated classes)
    """The parser written in C, or where PyYAML was built without it the one in Python."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _plain(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means, by YAML 1.2's core schema without octal, hexadecimal, infinity and NaN."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if WHOLE_NUMBER.fullmatch(text):
        return int(text) if len(text) < LONGEST_NUMBER else text
    return float(text) if NUMBER.fullmatch(text) else text


def dotted(path: KeyPath) -> str:
    """A path as people write it: azure.lake.redundancy."""
    return ".".join(str(part) for part in path)


def describe_value(value: object) -> str:
    """A value as an error message may show it: its kind where the value is long or may be a secret."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a section" if value else "an empty section"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return _describe_text(value)
    return str(value)


def _describe_text(text: str) -> str:
    if "://" in text:
        return "an address (not repeated here: it may hold a secret)"
    if len(text) > 64 or "=" in text:  # noqa: PLR2004  (longer than any name; keys and tokens are)
        return f"a text of {len(text)} characters (not repeated here: it may hold a secret)"
    return f"the text {text!r}"
