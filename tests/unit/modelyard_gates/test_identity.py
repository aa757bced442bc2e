from datetime import UTC, datetime

import polars as pl
import pytest

from modelyard.gates.history import AcceptedBatch
from modelyard.gates.identity import check_bytes, check_keys, check_rows, content_digest
from modelyard.gates.profile import profile_of
from modelyard.gates.reading import read_batch


@pytest.fixture
def batch(contract, csv_file):
    def read(**options):
        return read_batch(csv_file(**options), contract)

    return read


@pytest.fixture
def accepted(contract):
    def of(reading, *, period="2020-01", file="rides-2020-01.csv"):
        return AcceptedBatch(
            digest=reading.digest,
            content=content_digest(reading.frame),
            file=file,
            rows=reading.frame.height,
            period=period,
            accepted_at=datetime(2020, 2, 1, 6, 30, tzinfo=UTC),
            profile=profile_of(reading.frame, contract),
        )

    return of


def test_the_same_bytes_are_refused_and_the_stored_batch_is_named(batch, accepted):
    stored = accepted(batch())
    (finding,), _ = check_bytes(stored.digest, [stored])
    assert finding.code == "same_bytes"
    assert "rides-2020-01.csv, accepted on 2020-02-01 06:30" in finding.message
    assert check_bytes("other", [stored])[0] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.reverse(),
        lambda f: f.sample(fraction=1, shuffle=True, seed=4),
        lambda f: f.select(reversed(f.columns)),
    ],
)
def test_the_same_rows_are_refused_in_any_order(batch, accepted, change):
    reading = batch(miles="NA")
    (finding,), _ = check_rows(content_digest(change(reading.frame)), [accepted(reading)])
    assert finding.code == "same_rows"


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.head(39),
        lambda f: pl.concat([f, f.head(1)]),
        lambda f: f.with_columns(miles=pl.col("miles") + pl.when(pl.col("ride") == 5).then(1e-9).otherwise(0.0)),
        lambda f: f.with_columns(rider=pl.when(pl.col("ride") == 5).then(None).otherwise("rider")),
    ],
)
def test_rows_that_differ_anywhere_have_another_digest(batch, change):
    frame = batch().frame
    assert content_digest(change(frame)) != content_digest(frame)


def test_a_stored_period_is_refused_and_a_gap_may_be_filled(batch, accepted, contract):
    stored = [accepted(batch(), period="2020-01"), accepted(batch(), period="2020-03")]
    keys = batch(first=900).frame

    def judged(month):
        frame = batch(month=month, first=100).frame
        return check_keys(frame, contract, history=stored, stored_keys=lambda: keys)

    assert [finding.code for finding in judged(3)[1]] == ["period_stored"]
    period, findings, _ = judged(2)
    assert (period, findings) == ("2020-02", [])
    assert judged(4)[0] == "2020-04"


def test_a_period_before_the_first_is_refused(batch, accepted, contract):
    stored = [accepted(batch(), period="2020-03")]
    _, (finding,), _ = check_keys(
        batch(first=50).frame, contract, history=stored, stored_keys=lambda: batch(first=900).frame
    )
    assert (finding.code, finding.found, finding.allowed) == ("period_stale", "2020-01", "2020-03 or later")


def test_two_periods_in_one_batch_are_refused(batch, contract):
    frame = pl.concat([batch().frame, batch(month=2, first=50).frame])
    period, (finding,), _ = check_keys(frame, contract, history=[], stored_keys=lambda: frame)
    assert period is None
    assert (finding.code, finding.found) == ("mixed_periods", "2020-01, 2020-02")


def test_stored_keys_are_refused_with_their_share(batch, accepted, contract):
    stored = [accepted(batch())]
    frame = batch(month=2, first=30).frame
    _, (finding,), _ = check_keys(frame, contract, history=stored, stored_keys=lambda: batch().frame)
    assert (finding.code, finding.rows, finding.found) == ("keys_stored", 10, "25.0%")


def test_stored_keys_are_not_loaded_for_a_first_batch(batch, contract):
    def never():
        raise AssertionError("nothing is stored")

    assert check_keys(batch().frame, contract, history=[], stored_keys=never)[1] == []


def test_a_snapshot_may_repeat_keys_and_may_not_lose_many(batch, accepted, contract, document, write_contract):
    from modelyard.gates.loading import load_contract

    document["schema"][0]["customProperties"] = [{"property": "delivery", "value": "snapshot"}]
    snapshot = load_contract(write_contract(document))
    stored = batch()

    def judged(rows):
        frame = stored.frame.head(rows)
        return check_keys(frame, snapshot, history=[accepted(stored, period=None)], stored_keys=lambda: stored.frame)

    assert judged(39)[1] == []
    period, (finding,), _ = judged(20)
    assert (period, finding.code, finding.rows) == (None, "keys_vanished", 20)
