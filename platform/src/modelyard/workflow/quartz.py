"""Timetables as Quartz spells them, which Databricks wants."""

from __future__ import annotations

from modelyard.environment.timetable import Timetable

WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def quartz(cron: str) -> str:
    """Five fields of cron as six of Quartz: seconds come first, and the kind of day that is not named is a `?`."""
    minute, hour, day, month, weekday = cron.split()
    if weekday == "*":
        return f"0 {minute} {hour} {day} {month} ?"
    # Quartz counts Sunday as 1, so the days are given by name.
    named = ",".join(WEEKDAYS[number] for number in sorted(Timetable.parse(cron).weekdays))
    return f"0 {minute} {hour} ? {month} {named}"
