"""Cron schedules as the service reads them: five fields, names of months and days, lists, ranges and steps."""

from __future__ import annotations

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
SHORT = 3
"""Letters of a short name."""
FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)


def wrong_in(cron: str) -> str:
    """What is wrong with a schedule, as words; empty if it is in order."""
    given = cron.split()
    if len(given) != len(FIELDS):
        return f"{len(given)} fields, and {len(FIELDS)} are needed"
    for text, (name, least, most) in zip(given, FIELDS, strict=True):
        for part in text.split(","):
            if not _is_part(part, name, least, most):
                return f"`{part}` is no {name} ({least} to {most})"
    return ""


def _is_part(part: str, name: str, least: int, most: int) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isdigit() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [_number(word, name) for word in span.split("-")]
    found = [end for end in ends if end is not None and least <= end <= most]
    return len(found) == len(ends) <= 2 and found == sorted(found)  # noqa: PLR2004 - a range has two ends


def _number(word: str, name: str) -> int | None:
    if word.isdigit():
        return int(word)
    names, first = {"month": (MONTHS, 1), "day of week": (DAYS, 0)}.get(name, ((), 0))
    known = {text: number + first for number, full in enumerate(names) for text in (full, full[:SHORT])}
    return known.get(word.lower())
