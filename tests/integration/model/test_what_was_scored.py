"""What an auditor asks: which version of a model scored what, and when."""

import json

import narwhals as nw
import polars as pl
import pytest
from click.testing import CliRunner

from modelyard.environment.stack_outputs import STACK_TYPE, checkpoint_file
from modelyard.errors import TableNotFoundError
from modelyard.lake.layers import Layer, Table
from modelyard.testing.model_fakes import PURPOSE
from modelyard_pipelines.commands.data import data
from modelyard_pipelines.model.scoring import score

NAME = "parcel_delay"
TABLE = Table(Layer.CURATED, PURPOSE)


@pytest.fixture
def asked(platform, monkeypatch):
    """What `modelyard data` answers about the platform, which is provisioned for it."""
    workspace = platform.workspace
    monkeypatch.setenv("MODELYARD_ROOT", str(workspace.root))
    monkeypatch.setenv("MODELYARD_STATE", str(workspace.state))
    outputs = {"connections": platform.connections.model_dump()}
    file = checkpoint_file(workspace, "local")
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [{"type": STACK_TYPE, "outputs": outputs}]}}}))

    def answer(*words, form="json"):
        done = CliRunner().invoke(data, [*words, "--env", "local", "--format", form], catch_exceptions=False)
        return json.loads(done.stdout) if form == "json" else done.stdout

    return answer


def score_all(platform):
    return score(platform, NAME, note=lambda line: None, everything=True)


def test_scores_are_among_the_tables_of_the_lake(platform, in_production, asked):
    assert [one["name"] for one in asked("history")] == []
    in_production()
    score_all(platform)
    (held,) = asked("history")
    assert held == {"layer": "CURATED", "name": f"scores_{NAME}", "version": 0, "rows": 4000}


def test_every_scoring_says_version_digest_input_batch_and_time(platform, in_production, asked):
    first = in_production()
    score_all(platform)
    second = in_production(features=("distance",), roc_auc=0.7)
    score_all(platform)
    newest, oldest = asked("history", f"scores_{NAME}")
    assert (newest["model"], oldest["model"]) == (f"{NAME}@{second.version}", f"{NAME}@{first.version}")
    assert (newest["digest"], oldest["digest"]) == (second.digest, first.digest)
    assert {(one["batch"], one["rows"], one["input"]) for one in (newest, oldest)} == {("parcels", 4000, f"{TABLE}@0")}
    assert newest["at"] >= oldest["at"]
    assert f"{NAME}@2" in asked("history", f"scores_{NAME}", form="text")


def test_scores_that_gave_way_stay_in_the_history_and_can_be_read(platform, in_production, asked):
    in_production()
    score_all(platform)
    changed = platform.engine.scan(TABLE).collect().to_polars().with_columns(pl.col("distance") + 1)
    platform.engine.replace(TABLE, nw.from_native(changed.lazy()), transaction="again", metadata={})
    score_all(platform)
    newest, oldest = asked("history", f"scores_{NAME}")
    assert (newest["replaces"], oldest["replaces"]) == (True, False)
    assert (newest["input"], oldest["input"]) == (f"{TABLE}@1", f"{TABLE}@0")
    past = platform.engine.scan(Table(Layer.CURATED, f"scores_{NAME}"), version=oldest["version"])
    assert past.select("_data_version").unique().collect().item() == 0


def test_a_model_that_scored_nothing_is_told_how_to(asked):
    with pytest.raises(TableNotFoundError, match="has scored nothing yet") as told:
        asked("history", f"scores_{NAME}")
    assert told.value.hint == f"modelyard model score {NAME}"
