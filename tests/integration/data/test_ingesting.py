"""One batch from the offered file to CLEAN, on real tables with real flights."""

import json
from dataclasses import replace

import polars as pl
import pytest

from modelyard.errors import BatchRefusedError, DataNotReadyError
from modelyard.lake.batches import BatchState
from modelyard.lake.layers import BATCH_COLUMN, Layer, Table, short
from modelyard.notify.outbox import read_outbox
from modelyard_pipelines.data.curating import curate
from modelyard_pipelines.data.ingesting import ingest, validate
from modelyard_pipelines.data.overview import history, tables
from modelyard_pipelines.data.running import data_workflow, deliver, land
from modelyard_pipelines.purposes.catalog import find_purpose
from modelyard_pipelines.sources.catalog import find_source

RAW, CLEAN = Table(Layer.RAW, "flights"), Table(Layer.CLEAN, "flights")
CURATED = Table(Layer.CURATED, "flight_delay")


@pytest.fixture
def flights():
    return find_source("flights")


def test_an_accepted_batch_is_in_raw_as_it_came_and_in_clean_for_any_purpose(platform, flights, landed, quiet):
    path = landed("flights", "2013-01")
    result = ingest(platform, flights, path, note=quiet)
    assert result.accepted
    assert [str(one) for one in result.versions] == ["RAW/flights@0", "CLEAN/flights@0"]
    raw = platform.engine.scan(RAW).collect().to_polars()
    offered = pl.read_csv(path, null_values="NA", infer_schema_length=None)
    assert raw.drop(BATCH_COLUMN).columns == offered.columns
    assert raw.height == offered.height
    assert raw.get_column("dep_delay").sum() == offered.get_column("dep_delay").sum()
    assert raw.get_column(BATCH_COLUMN).unique().to_list() == [short(result.digest)]
    clean = platform.engine.scan(CLEAN).collect().to_polars()
    assert clean.height == raw.height
    assert "tail_number" in clean.columns


def test_no_tail_number_reaches_clean_in_the_clear(platform, flights, landed, quiet):
    ingest(platform, flights, landed("flights", "2013-01"), note=quiet)
    raw = set(platform.engine.scan(RAW).collect().to_polars().get_column("tailnum").drop_nulls())
    clean = platform.engine.scan(CLEAN).collect().to_polars()
    for name, dtype in clean.schema.items():
        if dtype == pl.String:
            assert raw.isdisjoint(clean.get_column(name).drop_nulls()), name


def test_a_batch_that_is_stored_is_refused_when_it_is_offered_again(platform, flights, landed, quiet):
    path = landed("flights", "2013-01")
    ingest(platform, flights, path, note=quiet)
    again = ingest(platform, flights, path, note=quiet)
    assert not again.accepted
    assert again.report.refusals[0].gate == "identity"
    assert platform.engine.version(RAW).version == 0
    assert platform.batches.find("flights", again.digest).state is BatchState.STORED


def test_a_refusal_changes_no_table_is_quarantined_and_told_once(platform, flights, landed, tmp_path, quiet):
    ingest(platform, flights, landed("flights", "2013-01"), note=quiet)
    bad = tmp_path / "flights-2013-02.csv"
    pl.read_csv(landed("flights", "2013-02"), infer_schema=False).drop("carrier").write_csv(bad)
    for _ in range(2):
        assert not ingest(platform, flights, bad, note=quiet).accepted
    assert platform.engine.version(RAW).version == 0
    assert platform.engine.version(CLEAN).version == 0
    (refusal,) = platform.quarantine.of("flights")
    assert refusal.file == "flights-2013-02.csv"
    kept = platform.lake / "quarantine" / "flights" / short(refusal.digest) / refusal.file
    assert kept.read_bytes() == bad.read_bytes()
    (told,) = [one for one in read_outbox(platform.lake.parent / "outbox.jsonl") if one["kind"] == "batch refused"]
    assert "carrier" in told["what"]
    assert told["next_step"] == "modelyard data quarantine flights"


def test_a_batch_that_is_accepted_after_all_leaves_quarantine(platform, flights, landed, quiet):
    path = landed("flights", "2013-02")
    platform.quarantine.keep(_refusal(path), path)
    assert ingest(platform, flights, path, note=quiet).accepted
    assert platform.quarantine.of("flights") == ()


def _refusal(path):
    from modelyard.lake.batches import digest_of
    from modelyard.lake.quarantine import Refusal

    return Refusal("flights", digest_of(path), path.name, "2013-03-01T00:00:00+00:00", {"findings": []})


def test_validating_stores_nothing(platform, flights, landed):
    report = validate(platform, flights, landed("flights", "2013-01")).report
    assert report.accepted
    assert tables(platform) == []
    assert platform.batches.sources() == ()


def test_the_month_is_curated_only_when_its_weather_is_there(platform, landed, quiet):
    purpose = find_purpose("flight_delay")
    for name, month in (("planes", ""), ("flights", "2013-01")):
        ingest(platform, find_source(name), landed(name, month), note=quiet)
    early = curate(platform, purpose, note=quiet)
    assert (early.added, early.version) == ((), None)
    assert str(early.waiting[0]) == "2013-01 waits for weather"
    ingest(platform, find_source("weather"), landed("weather", "2013-01"), note=quiet)
    done = curate(platform, purpose, note=quiet)
    assert done.rows == platform.engine.rows(RAW)
    assert done.waiting == ()
    assert curate(platform, purpose, note=quiet).added == ()


def test_a_curated_commit_names_the_versions_that_it_was_made_from(platform, quiet):
    list(data_workflow(platform, find_purpose("flight_delay"), ["2013-01"]).run(_watch))
    (commit,) = platform.engine.history(CURATED)
    inputs = {key: value for key, value in commit.metadata.items() if key.startswith("modelyard.input.")}
    assert inputs == {f"modelyard.input.{name}": "0" for name in ("flights", "weather", "planes")}


def test_running_the_workflow_again_changes_nothing(platform):
    workflow = data_workflow(platform, find_purpose("flight_delay"), ["2013-01"])
    assert all(one.outcome.changed for one in workflow.run(_watch))
    before = tables(platform)
    again = list(data_workflow(platform, find_purpose("flight_delay"), ["2013-01"]).run(_watch))
    assert not any(one.outcome.changed for one in again)
    assert tables(platform) == before


def test_a_refusal_stops_the_workflow_before_curated(platform, flights):
    from modelyard_pipelines.data import running

    path = land(platform, flights, "2013-01")
    path.write_bytes(path.read_bytes()[:100_000])

    damaged = replace(flights, land=lambda month, to, cache=None: path)
    with pytest.raises(BatchRefusedError, match="no table was changed"):
        running.deliver(platform, damaged, "2013-01", lambda line: None)
    assert tables(platform) == []


def test_a_monthly_source_asks_for_its_month(platform, flights, quiet):
    with pytest.raises(DataNotReadyError, match="month by month"):
        deliver(platform, flights, None, quiet)


def test_history_shows_accepted_and_refused_batches_in_order(platform, flights, landed, tmp_path, quiet):
    ingest(platform, flights, landed("flights", "2013-01"), note=quiet)
    empty = tmp_path / "flights-2013-02.csv"
    empty.write_bytes(b"")
    ingest(platform, flights, empty, note=quiet)
    shown = history(platform, "flights")
    assert sorted(one["state"] for one in shown) == ["refused", "stored"]
    assert json.dumps(shown)


def _watch(title):
    from contextlib import nullcontext

    return nullcontext(lambda line: None)
