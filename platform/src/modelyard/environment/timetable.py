"""Timetables: the five fields of cron in UTC, as far as every scheduler of ours reads them alike.

Cron means "either" where both a day of the month and a weekday are named, and Quartz can't say that; some count Sunday
as 7 and some do not know it; names of months are spelt differently. A timetable that leaves all this out is the same
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
"""What stands in each place, and between which bounds. Weekday 0 is Sunday."""
ALLOWED = "five fields as in `30 2 * * *`: minute, hour, day of month, month, weekday (0 is Sunday), with * , - and /"
LONGEST_WAIT_DAYS = 8 * 366
"""From one 29 February to the next, across a year such as 2100 that has none."""
WEEKDAYS_FROM_MONDAY = 7


@dataclass(frozen=True, slots=True)
class Timetable:
    """When something happens, in UTC."""

    text: str
    """As it was written, with single blanks."""
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Timetable:
        """Reads five fields.

        Raises:
            ValueError: a field is missing or out of bounds, both kinds of days are named, or the day never comes.
        """
        fields = text.split()
        if len(fields) != len(FIELDS):
            raise ValueError(f"{len(fields)} fields instead of {len(FIELDS)}")
        if fields[2] != "*" and fields[4] != "*":
            raise ValueError("a day of the month and a weekday: name one of them, * stands for the other")
        timetable = cls(" ".join(fields), *(_values(part, *field) for part, field in zip(fields, FIELDS, strict=True)))
        timetable.next_after(datetime(2000, 1, 1, tzinfo=UTC))
        return timetable

    def next_after(self, moment: datetime) -> datetime:
        """The first time after a moment.

        Raises:
            ValueError: there is no such day, as with 30 February.
        """
        first = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        midnight = first.replace(hour=0, minute=0)
        for day in (midnight + timedelta(days=number) for number in range(LONGEST_WAIT_DAYS)):
            if self._on(day):
                for hour, minute in product(sorted(self.hours), sorted(self.minutes)):
                    found = day.replace(hour=hour, minute=minute)
                    if found >= first:
                        return found
        raise ValueError("such a day never comes")

    def _on(self, day: datetime) -> bool:
        weekday = (day.weekday() + 1) % WEEKDAYS_FROM_MONDAY
        return day.month in self.months and day.day in self.days and weekday in self.weekdays


def _values(text: str, name: str, low: int, high: int) -> frozenset[int]:
    """The numbers that a field stands for: `*`, `3`, `1-5`, `*/15`, `8-18/2`, and several of these with commas."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        numbers = [first, last or first, *([step] if "/" in part else [])]
        if not all(number.isascii() and number.isdigit() for number in numbers):
            raise ValueError(f"{name} {part!r}: digits, * , - and / only")
        if not low <= int(first) <= int(numbers[1]) <= high or ("/" in part and not int(step)):
            raise ValueError(f"{name} {part!r}: {low} to {high}")
        found.update(range(int(first), int(numbers[1]) + 1, int(step) if "/" in part else 1))
    return frozenset(found)
