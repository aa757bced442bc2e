import json

import pytest

from modelyard.lake.batches import BatchLog, BatchRecord, BatchState


@pytest.fixture
def log(tmp_path):
    return BatchLog(tmp_path / "batches")


def record(digest="a" * 64, **changes):
    given = {
        "source": "flights",
        "digest": digest,
        "file": "flights-2013-01.csv",
        "state": BatchState.ACCEPTED,
        "offered_at": "2013-02-01T06:00:00+00:00",
        "report": {"verdict": "accepted"},
        "rows": 3,
    }
    return BatchRecord(**{**given, **changes})


def test_a_record_reads_back_as_it_was_written(log):
    log.write(record(versions={"RAW": 4}, profile="{}"))
    assert log.find("flights", "a" * 64) == record(versions={"RAW": 4}, profile="{}")


def test_a_batch_that_was_never_accepted_has_no_record(log):
    assert log.find("flights", "b" * 64) is None
    assert log.of("flights") == ()
    assert log.sources() == ()


def test_records_come_oldest_first(log):
    log.write(record("b" * 64, offered_at="2013-03-01T06:00:00+00:00"))
    log.write(record("c" * 64, offered_at="2013-02-01T06:00:00+00:00"))
    assert [one.digest[0] for one in log.of("flights")] == ["c", "b"]
    assert log.sources() == ("flights",)


def test_a_record_that_goes_further_keeps_what_it_had(log):
    stored = record(versions={"RAW": 4}).reached(BatchState.STORED, {"CLEAN": 2})
    assert stored.state is BatchState.STORED
    assert stored.versions == {"RAW": 4, "CLEAN": 2}


def test_a_record_is_replaced_whole_and_leaves_no_other_file(log, tmp_path):
    log.write(record())
    log.write(record().reached(BatchState.STORED, {"RAW": 0}))
    (only,) = (tmp_path / "batches" / "flights").iterdir()
    assert json.loads(only.read_bytes())["state"] == "stored"
