"""Cron as Azure Pipelines reads it."""

import pytest

from modelyard.delivery.linting.cron import wrong_in


@pytest.mark.parametrize(
    "cron",
    [
        "0 2 * * *",
        "*/15 0-6 1,15 * Mon-Fri",
        "0 0 1 January *",
        "30 23 31 12 6",
        "0 12 * jan,feb sunday",
        "5/10 * * * *",
    ],
)
def test_accepts_what_the_service_reads(cron):
    assert wrong_in(cron) == ""


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 2 * *", "4 fields, and 5 are needed"),
        ("0 2 * * * *", "6 fields, and 5 are needed"),
        ("60 2 * * *", "`60` is no minute (0 to 59)"),
        ("0 24 * * *", "`24` is no hour (0 to 23)"),
        ("0 2 0 * *", "`0` is no day of month (1 to 31)"),
        ("0 2 * 13 *", "`13` is no month (1 to 12)"),
        ("0 2 * * 7", "`7` is no day of week (0 to 6)"),
        ("0 2 * * Mond", "`Mond` is no day of week (0 to 6)"),
        ("0 5-2 * * *", "`5-2` is no hour (0 to 23)"),
        ("*/0 2 * * *", "`*/0` is no minute (0 to 59)"),
        ("@daily", "1 fields, and 5 are needed"),
        ("0 2 ? * *", "`?` is no day of month (1 to 31)"),
        ("mon 2 * * *", "`mon` is no minute (0 to 59)"),
    ],
)
def test_says_which_field_is_wrong(cron, why):
    assert wrong_in(cron) == why
