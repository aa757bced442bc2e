import pytest

from modelyard.lake.quarantine import Quarantine, Refusal


@pytest.fixture
def quarantine(tmp_path):
    return Quarantine(tmp_path / "quarantine")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "flights.csv"
    path.write_text("year\n2013\n")
    return path


def refusal(digest="a" * 64, at="2013-02-01T06:00:00+00:00", source="flights"):
    return Refusal(source, digest, "flights.csv", at, {"verdict": "refused"})


def test_keeps_the_file_and_the_report_of_a_refused_batch(quarantine, file):
    folder = quarantine.keep(refusal(), file)
    assert (folder / "flights.csv").read_text() == "year\n2013\n"
    assert quarantine.of("flights") == (refusal(),)


def test_a_batch_that_is_refused_twice_is_kept_once(quarantine, file):
    quarantine.keep(refusal(), file)
    quarantine.keep(refusal(at="2013-03-01T06:00:00+00:00"), file)
    (only,) = quarantine.of()
    assert only.refused_at.startswith("2013-03")


def test_refusals_come_oldest_first_and_by_source(quarantine, file):
    quarantine.keep(refusal("b" * 64, "2013-03-01T06:00:00+00:00"), file)
    quarantine.keep(refusal("c" * 64, "2013-01-01T06:00:00+00:00", "weather"), file)
    assert [one.source for one in quarantine.of()] == ["weather", "flights"]
    assert [one.source for one in quarantine.of("weather")] == ["weather"]


def test_a_batch_that_is_accepted_after_all_leaves_quarantine(quarantine, file):
    quarantine.keep(refusal(), file)
    quarantine.free("flights", "a" * 64)
    assert quarantine.of() == ()
