"""What every engine promises, held on each that exists."""

import narwhals as nw
import polars as pl
import pytest

from modelyard.errors import TableNotFoundError
from modelyard.lake.engines.embedded import EmbeddedEngine
from modelyard.lake.layers import BATCH_COLUMN, Layer, Table
from modelyard.testing.lake_fakes import InMemoryEngine

FLIGHTS = Table(Layer.RAW, "flights")


@pytest.fixture(params=["embedded", "in memory"])
def engine(request, tmp_path):
    return EmbeddedEngine(str(tmp_path / "lake")) if request.param == "embedded" else InMemoryEngine()


def rows(batch, *values):
    return nw.from_native(pl.LazyFrame({"value": list(values), BATCH_COLUMN: [batch] * len(values)}))


def values(frame):
    return sorted(frame.collect().to_polars()["value"].to_list())


def test_a_table_that_was_never_written_has_no_version_no_rows_and_no_history(engine):
    assert engine.version(FLIGHTS) is None
    assert engine.rows(FLIGHTS) == 0
    assert engine.history(FLIGHTS) == ()
    assert not engine.committed(FLIGHTS, "one")


def test_scanning_a_missing_table_or_version_names_it(engine):
    with pytest.raises(TableNotFoundError, match="RAW/flights"):
        engine.scan(FLIGHTS)
    engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    with pytest.raises(TableNotFoundError, match="7"):
        engine.scan(FLIGHTS, version=7)


def test_each_append_is_one_version_and_old_versions_stay_readable(engine):
    first = engine.append(FLIGHTS, rows("a", 1, 2), transaction="one", metadata={})
    second = engine.append(FLIGHTS, rows("b", 3), transaction="two", metadata={})
    assert (first.version.version, second.version.version) == (0, 1)
    assert first.fresh
    assert values(engine.scan(FLIGHTS)) == [1, 2, 3]
    assert values(engine.scan(FLIGHTS, version=0)) == [1, 2]
    assert engine.rows(FLIGHTS) == 3


def test_a_transaction_that_was_committed_before_changes_nothing(engine):
    engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    engine.append(FLIGHTS, rows("b", 2), transaction="two", metadata={})
    again = engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    assert not again.fresh
    assert again.version.version == 0
    assert engine.version(FLIGHTS).version == 1
    assert values(engine.scan(FLIGHTS)) == [1, 2]


def test_replacing_leaves_only_the_new_rows_and_keeps_the_old_version(engine):
    engine.append(FLIGHTS, rows("a", 1, 2), transaction="one", metadata={})
    engine.replace(FLIGHTS, rows("b", 9), transaction="two", metadata={})
    assert values(engine.scan(FLIGHTS)) == [9]
    assert values(engine.scan(FLIGHTS, version=0)) == [1, 2]
    assert engine.rows(FLIGHTS) == 1


def test_replacing_twice_with_one_transaction_changes_nothing(engine):
    engine.replace(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    assert not engine.replace(FLIGHTS, rows("a", 1), transaction="one", metadata={}).fresh
    assert engine.version(FLIGHTS).version == 0


def test_replacing_some_batches_leaves_the_others_and_is_one_commit(engine):
    engine.append(FLIGHTS, rows("a", 1, 2), transaction="one", metadata={})
    engine.append(FLIGHTS, rows("it's b", 3, 4), transaction="two", metadata={})
    engine.append(FLIGHTS, rows("c", 5), transaction="three", metadata={})
    done = engine.replace(FLIGHTS, rows("it's b", 9), transaction="four", metadata={}, batches=["it's b"])
    assert (done.fresh, done.version.version) == (True, 3)
    assert values(engine.scan(FLIGHTS)) == [1, 2, 5, 9]
    assert values(engine.scan(FLIGHTS, version=2)) == [1, 2, 3, 4, 5]
    again = engine.replace(FLIGHTS, rows("it's b", 7), transaction="four", metadata={}, batches=["it's b"])
    assert not again.fresh
    assert values(engine.scan(FLIGHTS)) == [1, 2, 5, 9]


def test_replacing_batches_of_a_table_that_is_not_there_begins_it(engine):
    engine.replace(FLIGHTS, rows("a", 1), transaction="one", metadata={}, batches=["a"])
    assert values(engine.scan(FLIGHTS)) == [1]


def test_rows_that_replace_all_others_may_have_other_columns(engine):
    engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    wider = nw.from_native(pl.LazyFrame({"value": ["x"], BATCH_COLUMN: ["b"], "more": [1.5]}))
    engine.replace(FLIGHTS, wider, transaction="two", metadata={})
    assert engine.scan(FLIGHTS).collect().to_polars().rows() == [("x", "b", 1.5)]
    assert values(engine.scan(FLIGHTS, version=0)) == [1]


def test_the_rows_of_some_batches_can_be_read_alone(engine):
    engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    engine.append(FLIGHTS, rows("b", 2), transaction="two", metadata={})
    engine.append(FLIGHTS, rows("c", 3), transaction="three", metadata={})
    assert values(engine.scan(FLIGHTS, batches=["a", "c"])) == [1, 3]


def test_history_tells_what_each_commit_was_newest_first(engine):
    engine.append(FLIGHTS, rows("a", 1, 2), transaction="one", metadata={"digest": "aa"})
    engine.append(FLIGHTS, rows("b", 3), transaction="two", metadata={"digest": "bb"})
    newest, oldest = engine.history(FLIGHTS)
    assert (newest.version, newest.metadata["digest"], newest.rows) == (1, "bb", 1)
    assert (oldest.version, oldest.metadata["digest"], oldest.rows) == (0, "aa", 2)


def test_tables_with_one_name_in_two_layers_are_two_tables(engine):
    engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    assert engine.version(Table(Layer.CLEAN, "flights")) is None


def test_a_scan_reads_what_was_there_when_it_was_asked_for(engine):
    engine.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    asked = engine.scan(FLIGHTS)
    engine.append(FLIGHTS, rows("b", 2), transaction="two", metadata={})
    assert values(asked) == [1]
    assert engine.committed(FLIGHTS, "two")


def test_two_engines_on_one_lake_see_each_others_commits(tmp_path):
    ours, theirs = EmbeddedEngine(str(tmp_path)), EmbeddedEngine(str(tmp_path))
    ours.append(FLIGHTS, rows("a", 1), transaction="one", metadata={})
    theirs.append(FLIGHTS, rows("b", 2), transaction="two", metadata={})
    assert ours.committed(FLIGHTS, "two")
    assert ours.version(FLIGHTS).version == 1
    assert ours.rows(FLIGHTS) == 2
