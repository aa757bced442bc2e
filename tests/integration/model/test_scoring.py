"""Batch scoring: every row once, whatever happens in between, and every score says where it comes from."""

import json
import signal
import subprocess
import sys
from dataclasses import asdict

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from modelyard.errors import InvalidModelError, LakeBusyError, NoProductionModelError, TableNotFoundError
from modelyard.lake.layers import Layer, Table
from modelyard.lake.locks import writing
from modelyard.models.storage import open_model
from modelyard.testing.model_fakes import PURPOSE, sample_frame
from modelyard_pipelines.model.partitions import scores_table
from modelyard_pipelines.model.scoring import score
from modelyard_pipelines.model.staging import stage

NAME = "parcel_delay"
TABLE = Table(Layer.CURATED, PURPOSE)
PIECE = 1500


def quiet(line):
    del line


@pytest.fixture
def arrive(platform):
    """Appends a batch to CURATED."""

    def appended(name, *, rows=700, **columns):
        frame = sample_frame(rows=rows, seed=len(name)).with_columns(pl.lit(name).alias("_batch"), **columns)
        platform.engine.append(TABLE, nw.from_native(frame.lazy()), transaction=name, metadata={})

    return appended


def scores(platform):
    return platform.engine.scan(scores_table(NAME)).collect().to_polars()


def scored(platform, **options):
    return score(platform, NAME, piece_rows=PIECE, note=quiet, **options)


def test_every_row_is_scored_once_and_says_by_what_and_from_what(platform, in_production, tmp_path):
    version = in_production()
    done = scored(platform)
    found = scores(platform)
    assert (done.rows, done.pieces, done.known) == (4000, 3, 0)
    assert found.height == 4000
    assert found.select("_model_version", "_model_digest", "_data_version").unique().rows() == [(1, version.digest, 0)]
    rows = platform.engine.scan(TABLE).collect().to_polars()
    assert found.sort("sent_at").get_column("sent_at").equals(rows.sort("sent_at").get_column("sent_at"))
    model = open_model(platform.registry().download(NAME, 1, tmp_path / "version"), digest=version.digest)
    wanted = rows.select("sent_at", "distance").with_columns(pl.Series("wanted", model.predict(rows)))
    both = found.join(wanted, on=["sent_at", "distance"])
    assert both.height == 4000
    assert np.allclose(both["_score"], both["wanted"], rtol=0, atol=1e-12)
    assert set(found["_label"]) == {"on time", "late"}
    assert (found.filter(pl.col("_label") == "late")["_score"] >= 0.5).all()


def test_scoring_again_writes_nothing_and_a_new_batch_is_scored_alone(platform, in_production, arrive):
    in_production()
    scored(platform)
    before = platform.engine.version(scores_table(NAME))
    again = scored(platform)
    assert (again.rows, again.pieces, again.known) == (0, 0, 3)
    assert platform.engine.version(scores_table(NAME)) == before
    arrive("july")
    later = scored(platform)
    assert (later.rows, later.pieces) == (700, 1)
    assert scores(platform).group_by("_batch", "_data_version").len().sort("len").rows() == [
        ("july", 1, 700),
        ("parcels", 0, 4000),
    ]


def test_a_new_version_scores_what_is_new_and_with_all_everything_beside_the_old_scores(
    platform, in_production, arrive
):
    in_production()
    scored(platform)
    in_production(features=("distance",), roc_auc=0.7)
    arrive("july")
    assert scored(platform).rows == 700
    assert scored(platform, everything=True).rows == 4000
    assert scored(platform, everything=True).rows == 0
    found = scores(platform).group_by("_batch", "_model_version").len().sort("_batch", "_model_version")
    assert found.rows() == [("july", 2, 700), ("parcels", 1, 4000), ("parcels", 2, 4000)]


@pytest.fixture
def rebuild(platform):
    """Builds CURATED anew, under the same names of batches, in another order and perhaps with other values."""

    def built(**columns):
        before, engine = platform.engine.version(TABLE).version, platform.engine
        frame = engine.scan(TABLE).collect().to_polars()
        for place, ((name,), rows) in enumerate(frame.group_by("_batch")):
            changed = nw.from_native(rows.with_columns(**columns).sample(fraction=1, shuffle=True, seed=7).lazy())
            write = engine.append if place else engine.replace
            write(TABLE, changed, transaction=f"{name} after {before}", metadata={})

    return built


FURTHER = {"distance": pl.when(pl.col("_batch") == "july").then(pl.col("distance") + 100).otherwise("distance")}
BACK = {"distance": pl.when(pl.col("_batch") == "july").then(pl.col("distance") - 100).otherwise("distance")}


def test_a_table_that_was_built_again_with_the_same_rows_has_nothing_to_score(platform, in_production, arrive, rebuild):
    in_production()
    arrive("july")
    scored(platform)
    before = platform.engine.version(scores_table(NAME))
    rebuild()
    again = scored(platform)
    assert (again.rows, again.pieces, again.known, again.replaced) == (0, 0, 4, 0)
    assert platform.engine.version(scores_table(NAME)) == before


def test_a_batch_that_was_built_again_with_other_rows_is_scored_again_in_one_commit(
    platform, in_production, arrive, rebuild
):
    in_production()
    arrive("july", rows=3500)
    scored(platform)
    before, old = platform.engine.version(scores_table(NAME)).version, scores(platform)
    rebuild(**FURTHER)
    again = scored(platform)
    assert (again.rows, again.pieces, again.known, again.replaced) == (3500, 3, 3, 1)
    assert platform.engine.version(scores_table(NAME)).version == before + 1
    found = scores(platform)
    assert found.filter(pl.col("_batch") == "parcels").equals(old.filter(pl.col("_batch") == "parcels"))
    july = found.filter(pl.col("_batch") == "july")
    assert july.height == 3500
    assert july["distance"].min() >= 100
    assert scored(platform).rows == 0
    past = platform.engine.scan(scores_table(NAME), version=before).collect().to_polars()
    assert past.equals(old)


def test_what_every_version_said_of_rows_that_have_changed_gives_way(platform, in_production, arrive, rebuild):
    in_production()
    arrive("july")
    scored(platform)
    in_production(features=("distance",), roc_auc=0.7)
    scored(platform, everything=True)
    rebuild(**FURTHER)
    assert scored(platform).replaced == 1
    found = scores(platform).group_by("_batch", "_model_version").len().sort("_batch", "_model_version")
    assert found.rows() == [("july", 2, 700), ("parcels", 1, 4000), ("parcels", 2, 4000)]


def test_rows_that_change_and_change_back_are_scored_each_time(platform, in_production, arrive, rebuild):
    in_production()
    arrive("july", distance=pl.col("distance").round(0))
    scored(platform)
    first = scores(platform).drop("_scored_at", "_data_version")
    for change in (FURTHER, BACK, FURTHER, BACK):
        rebuild(**change)
        assert scored(platform).rows == 700
    found = scores(platform).drop("_scored_at", "_data_version")
    assert found.sort(found.columns).equals(first.sort(found.columns))
    second = in_production(features=("distance",), roc_auc=0.7)
    assert second.version == 2
    assert scored(platform, everything=True).rows == 4700


@pytest.mark.parametrize(("instant", "left"), [(1, 3500), (2, 0)])
def test_a_kill_while_changed_rows_are_replaced_leaves_the_old_scores_or_the_new_ones(
    platform, in_production, arrive, rebuild, die_at, instant, left
):
    version = in_production()
    arrive("july", rows=3500)
    scored(platform)
    rebuild(**FURTHER)
    die_at(version, instant)
    assert scores(platform).filter(pl.col("_batch") == "july").height == 3500
    assert scored(platform).rows == left
    assert scores(platform).filter(pl.col("_batch") == "july").height == 3500


def test_a_row_that_lacks_what_the_model_needs_has_no_score_and_says_why(platform, in_production, arrive):
    in_production()
    arrive("gaps", distance=pl.when(pl.col("depot") == "north").then(None).otherwise("distance"))
    done = scored(platform)
    found = scores(platform).filter(pl.col("_batch") == "gaps")
    lacking = found.filter(pl.col("_problem").is_not_null())
    assert done.gaps == lacking.height > 100
    assert lacking.select("_problem", "_score", "_label").unique().rows() == [("distance is missing", None, None)]
    assert found.filter(pl.col("_problem").is_null()).get_column("_score").null_count() == 0


def test_nothing_is_scored_before_somebody_has_promoted_a_version(platform, register):
    register()
    stage(platform, NAME)
    with pytest.raises(NoProductionModelError) as refused:
        scored(platform)
    assert "modelyard model promote" in refused.value.hint


def test_a_model_that_was_changed_by_one_bit_scores_nothing(platform, in_production, tmp_path):
    in_production()
    file = tmp_path / "run-1" / "model.skops"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(InvalidModelError, match="has digest"):
        scored(platform)
    assert platform.engine.version(scores_table(NAME)) is None


def test_a_purpose_that_was_never_curated_has_nothing_to_score(platform, in_production):
    in_production()
    empty = platform.lake / "CURATED" / PURPOSE
    empty.rename(empty.with_name("elsewhere"))
    with pytest.raises(TableNotFoundError, match="does not exist"):
        scored(platform)


def test_two_scorings_of_one_model_do_not_run_at_once(platform, in_production):
    in_production()
    with writing(platform.locks, f"scores-{NAME}"), pytest.raises(LakeBusyError):
        score(platform, NAME, note=quiet, patience=0.05)


PROGRAM = """
import json, sys
from dataclasses import replace
from pathlib import Path
from modelyard.registry.versions import Registration
from modelyard.testing.faults import DyingEngine
from modelyard.testing.platforms import bare_platform
from modelyard.testing.registry_fakes import InMemoryRegistry
from modelyard_pipelines.model.scoring import score

root, state, registration, ledger, die_at, piece = sys.argv[1:]
opened = bare_platform(Path(root), Path(state), engine=lambda real: DyingEngine(real, int(die_at)))
registry = InMemoryRegistry(Path(ledger))
registry.register(Registration(**json.loads(registration)))
registry.stage("parcel_delay", 1)
registry.promote("parcel_delay", 1, by="Ada", reason="better", evidence="e")
score(replace(opened, open_registry=lambda: registry), "parcel_delay", piece_rows=int(piece), note=print)
"""


@pytest.fixture
def die_at(platform, tmp_path):
    """Scores in another process, which dies at an instant."""

    def died(version, instant):
        said = {name: getattr(version, name) for name in asdict(version) if name not in _OF_THE_REGISTRY}
        said["source"] = str(tmp_path / "run-1")
        places = [str(platform.workspace.root), str(platform.workspace.state), json.dumps(said, default=dict)]
        ledger = tmp_path / f"other-{instant}"
        command = [sys.executable, "-c", PROGRAM, *places, str(ledger), str(instant), str(PIECE)]
        killed = subprocess.run(command, check=False, capture_output=True, text=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr

    return died


@pytest.mark.parametrize("instant", range(1, 7))
def test_a_scoring_killed_at_any_instant_is_finished_by_the_next_and_no_row_is_scored_twice(
    platform, in_production, die_at, instant
):
    die_at(in_production(), instant)
    before = scores(platform).height if platform.engine.version(scores_table(NAME)) else 0
    done = scored(platform)
    assert done.rows == 4000 - before
    found = scores(platform)
    assert found.height == found.n_unique(["sent_at", "distance"]) == 4000
    assert scored(platform).rows == 0


_OF_THE_REGISTRY = {"version", "stage", "created_at", "promoted_by"}
