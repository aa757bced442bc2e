from datetime import UTC, datetime, timedelta, timezone

import pytest

from modelyard.environment.timetable import Timetable

SUNDAY_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "comes"),
    [
        ("0 2 * * *", "2026-11-23 02:00"),
        ("0 12 * * *", "2026-11-23 12:00"),
        ("1 12 * * *", "2026-11-22 12:01"),
        ("*/20 * * * *", "2026-11-22 12:20"),
        ("0 4 * * 0", "2026-11-29 04:00"),
        ("0 4 * * 1-5", "2026-11-23 04:00"),
        ("30 1 29 2 *", "2028-02-29 01:30"),
        ("5,50 23 31 * *", "2026-12-31 23:05"),
        ("0 8-18/5 * * *", "2026-11-22 13:00"),
    ],
)
def test_the_next_time_is_the_first_after_a_moment(cron, comes):
    assert f"{Timetable.parse(cron).next_after(SUNDAY_NOON):%Y-%m-%d %H:%M}" == comes


def test_a_moment_in_another_zone_is_the_same_moment():
    elsewhere = SUNDAY_NOON.astimezone(timezone(timedelta(hours=9)))
    timetable = Timetable.parse("30 12 * * *")
    assert timetable.next_after(elsewhere) == timetable.next_after(SUNDAY_NOON)


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        ("0 2 * *", "4 fields instead of 5"),
        ("0 0 2 * * ?", "6 fields instead of 5"),
        ("60 2 * * *", "minute '60': 0 to 59"),
        ("0 24 * * *", "hour '24': 0 to 23"),
        ("0 2 0 * *", "day of month '0': 1 to 31"),
        ("0 2 * 13 *", "month '13': 1 to 12"),
        ("0 2 * * 7", "weekday '7': 0 to 6"),
        ("0 2 * * SUN", "weekday 'SUN': digits"),
        ("0 2 * JAN *", "month 'JAN': digits"),
        ("9-3 2 * * *", "minute '9-3'"),
        ("*/0 2 * * *", "minute"),
        ("0 2 1 * 1", "a day of the month and a weekday"),
        ("0 2 30 2 *", "never comes"),
        ("@daily", "1 fields"),
        ("", "0 fields"),
        ("٣ 2 * * *", "digits"),
        ("-1 2 * * *", "minute"),
    ],
)
def test_what_schedulers_read_differently_or_never_is_refused(cron, says):
    with pytest.raises(ValueError, match=says):
        Timetable.parse(cron)
