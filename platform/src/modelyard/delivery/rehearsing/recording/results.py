"""What tests and coverage say, read from the files that steps publish."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

LARGEST_BYTES = 200 * 2**20
MOST_NAMES = 50
"""Failed tests that are named."""


class ResultsError(Exception):
    """A file is not what it should be."""


def read_junit(file: Path) -> dict[str, Any]:
    """Tests, failures, errors, skipped, seconds and the names of failed tests of a JUnit file.

    Raises:
        ResultsError: it is no JUnit file.
    """
    root = _read(file)
    if root.tag not in ("testsuites", "testsuite"):
        raise ResultsError(f"{file.name} is no JUnit file: its root is <{root.tag}>, <testsuites> is needed")
    cases = list(root.iter("testcase"))
    broken = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    return {
        "file": file.name,
        "tests": len(cases),
        "failed": len(broken),
        "skipped": skipped,
        "seconds": round(sum(_number(case.get("time")) for case in cases), 3),
        "failures": [_name(case) for case in broken[:MOST_NAMES]],
    }


def read_cobertura(file: Path) -> float:
    """The share of lines that tests reached, between 0 and 1, of a Cobertura file.

    Raises:
        ResultsError: it is no Cobertura file.
    """
    root = _read(file)
    rate = root.get("line-rate")
    if root.tag != "coverage" or rate is None:
        raise ResultsError(f"{file.name} is no Cobertura file: <coverage line-rate=...> is needed, found <{root.tag}>")
    return _number(rate)


def _read(file: Path) -> ElementTree.Element:
    if file.stat().st_size > LARGEST_BYTES:
        raise ResultsError(f"{file.name} has more than {LARGEST_BYTES // 2**20} MiB")
    try:
        return ElementTree.parse(file).getroot()  # noqa: S314 - steps of our own wrote it; its size is bounded
    except ElementTree.ParseError as error:
        raise ResultsError(f"{file.name} is not XML: {error}") from error


def _name(case: ElementTree.Element) -> str:
    return "::".join(filter(None, (case.get("classname"), case.get("name"))))


def _number(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", ""))
    except ValueError:
        return 0.0
