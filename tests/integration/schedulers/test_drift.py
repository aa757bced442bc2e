"""Data that walks away in steps: every step is let in, and the drift check sees how far it has come."""

import hashlib
import json
from pathlib import Path

import numpy
import pytest

from modelyard.errors import DataNotReadyError
from modelyard.gates.history import AcceptedBatch
from modelyard.gates.profile import ColumnProfile, Profile
from modelyard.gates.significance import check_significance
from modelyard.gates.sketch import sketch_of
from modelyard.lake.batches import BatchRecord, BatchState
from modelyard.testing.platforms import bare_platform
from modelyard_pipelines.data.drifting import drift
from modelyard_pipelines.data.history import accepted_batches
from modelyard_pipelines.sources.catalog import find_source

ROOT = Path(__file__).resolve().parents[3]
ROWS = 4_000
COLUMN = "humid"


@pytest.fixture
def platform(tmp_path):
    return bare_platform(ROOT, tmp_path / "state")


@pytest.fixture
def source():
    return find_source("weather")


@pytest.fixture
def keep(platform, source):
    """Keeps a batch of one column as an ingest does."""

    def store(number, shift):
        spread = numpy.linspace(20, 60, ROWS) + shift
        profile = Profile(ROWS, {COLUMN: ColumnProfile(ROWS, 0, sketch=sketch_of(spread))})
        period = f"2020-{number:02d}"
        platform.batches.write(
            BatchRecord(
                source=source.name,
                digest=hashlib.sha256(period.encode()).hexdigest(),
                file=f"{period}.csv",
                state=BatchState.STORED,
                offered_at=f"2020-01-{number:02d}T00:00:00+00:00",
                report={},
                rows=ROWS,
                period=period,
                content=f"{number:x}",
                profile=profile.to_json(),
            )
        )
        return profile

    return store


def told(platform):
    outbox = Path(platform.connections.outbox)
    return [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []


def walk(keep, platform, source, *, batches, step):
    """Batches that walk away, each judged by the gate against all before it."""
    verdicts = []
    for number in range(1, batches + 1):
        history = [one.profile for one in accepted_batches(platform.batches, source.name)]
        profile = keep(number, step * number)
        findings, _ = check_significance(profile, history, source.contract, false_alarm_rate=0.01)
        verdicts.append(not [one for one in findings if one.code == "distribution"])
    return verdicts


def test_small_steps_pass_the_gate_and_the_way_they_have_gone_does_not(keep, platform, source):
    verdicts = walk(keep, platform, source, batches=20, step=1.2)
    assert all(verdicts), "the gate was to let every step in"
    found = drift(platform, source)
    assert found.drifted
    assert [one.subject for one in found.findings] == [COLUMN]
    assert found.reference == tuple(f"2020-{number:02d}" for number in range(1, 7))
    assert f"{COLUMN} is distributed unlike the stored data" in found.sentence()


def test_data_that_stays_where_it_was_is_within_every_limit_and_nobody_is_told(keep, platform, source):
    walk(keep, platform, source, batches=9, step=0.0)
    found = drift(platform, source)
    assert not found.drifted
    assert found.sentence().endswith("within every limit")
    assert told(platform) == []


def test_people_are_told_once_however_often_it_is_looked_at(keep, platform, source):
    walk(keep, platform, source, batches=20, step=1.2)
    first, second = drift(platform, source), drift(platform, source)
    assert first == second
    (notice,) = told(platform)
    assert notice["kind"] == "data drift"
    assert notice["next_step"] == "modelyard data drift weather"
    keep(21, 27.0)
    drift(platform, source)
    assert len(told(platform)) == 2


def test_the_only_batch_there_is_has_nothing_to_be_compared_with(keep, platform, source):
    keep(1, 0.0)
    found = drift(platform, source)
    assert (found.drifted, found.reference) == (False, ())
    assert "the only batch yet" in found.sentence()


def test_a_source_without_a_batch_is_not_ready(platform, source):
    with pytest.raises(DataNotReadyError, match="nothing of weather is stored yet"):
        drift(platform, source)


def test_how_many_of_the_first_batches_count_can_be_said(keep, platform, source):
    walk(keep, platform, source, batches=5, step=0.0)
    assert drift(platform, source, reference=2).reference == ("2020-01", "2020-02")


def test_a_profile_that_is_read_back_is_the_one_that_was_kept(keep, platform, source):
    profile = keep(1, 0.0)
    (batch,) = accepted_batches(platform.batches, source.name)
    assert isinstance(batch, AcceptedBatch)
    assert batch.profile.columns.keys() == profile.columns.keys()
