"""What was in production at a moment: by the ledger, to the millisecond, in whatever time zone it was asked."""

from datetime import UTC, datetime

import pytest

from modelyard.registry.entries import Decision, LedgerEntry
from modelyard.registry.timeline import Moment, ended, in_production_at


def entries(*said):
    found = []
    for version, at in said:
        decision = Decision(
            model="parcels",
            version=version,
            digest="d" * 64,
            replaces=found[-1].decision.version if found else None,
            by="Ada",
            reason="better",
            evidence="e" * 64,
            data_versions={},
            at=at,
        )
        found.append(LedgerEntry.after(found[-1] if found else None, decision))
    return tuple(found)


YEAR = entries(
    (1, "2013-03-01T08:00:00.000+00:00"),
    (2, "2013-09-01T10:00:00.000+00:00"),
    (1, "2013-09-01T10:30:00.000+00:00"),
)


@pytest.mark.parametrize(
    ("at", "zone", "version"),
    [
        ("2013-03-01T07:59:59.999", "UTC", None),
        ("2013-03-01T08:00", "UTC", 1),
        ("2013-09-01T10:15", "UTC", 2),
        ("2013-09-01T10:29:59.999", "UTC", 2),
        ("2013-09-01T12:00", "UTC", 1),
        ("2013-09-01T12:15", "Europe/Rome", 2),
        ("2013-09-01T06:15", "America/New_York", 2),
        ("2013-09-01T12:15+02:00", "America/New_York", 2),
        ("2013-09-01T10:15Z", "Europe/Rome", 2),
        ("2013-02-28", "UTC", None),
        ("2014-01-01", "UTC", 1),
    ],
)
def test_the_version_is_the_one_of_the_last_decision_before(at, zone, version):
    found = in_production_at(YEAR, Moment.read(at, zone=zone).instant)
    assert (found.decision.version if found else None) == version


def test_a_decision_ends_with_the_next_and_the_last_one_holds_still():
    assert [ended(YEAR, entry) for entry in YEAR] == [YEAR[1].decision.at, YEAR[2].decision.at, None]


def test_of_two_decisions_at_the_same_instant_the_later_in_the_chain_holds():
    same = entries((1, "2013-03-01T08:00:00.000+00:00"), (2, "2013-03-01T08:00:00.000+00:00"))
    assert in_production_at(same, datetime(2013, 3, 1, 8, tzinfo=UTC)).decision.version == 2


def test_a_moment_says_in_which_zone_it_was_read():
    assert Moment.read("2013-09-01T12:00").zone == "UTC"
    assert Moment.read("2013-09-01T12:00", zone="Europe/Rome").zone == "Europe/Rome"
    assert Moment.read("2013-09-01T12:00-04:00", zone="Europe/Rome").zone == "UTC-0400"


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        ("2013-10-27T02:30", "Europe/Rome", r"happened twice in Europe/Rome; write .*\+0200 or .*\+0100"),
        ("2013-03-31T02:30", "Europe/Rome", "never happened in Europe/Rome"),
        ("yesterday", "UTC", "is no time; write it like"),
        ("2013-13-01", "UTC", "is no time"),
        ("2013-09-01T12:00", "Mars/Olympus", "is no time zone"),
        ("2013-09-01T12:00", "../../etc/passwd", "is no time zone"),
    ],
)
def test_a_time_that_is_not_clear_is_refused(at, zone, said):
    with pytest.raises(ValueError, match=said):
        Moment.read(at, zone=zone)


def test_a_clock_that_was_put_back_does_not_turn_history_around(tmp_path, registration):
    from modelyard.testing.registry_fakes import InMemoryRegistry

    times = iter([datetime(2013, 9, 1, tzinfo=UTC), datetime(2013, 3, 1, tzinfo=UTC)])
    registry = InMemoryRegistry(tmp_path / "ledger", clock=lambda: next(times))
    for version in (1, 2):
        registry.register(registration(version))
        registry.stage("parcel_delay", version)
        registry.promote("parcel_delay", version, by="Ada", reason="better", evidence="e")
    first, second = registry.history("parcel_delay")
    assert first.decision.at == second.decision.at
    assert in_production_at((first, second), datetime(2013, 10, 1, tzinfo=UTC)) == second
