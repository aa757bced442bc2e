"""From a file that nobody has described to a model that keeps the contract: commands alone, and one folder each."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

SOURCE = "pipelines/src/modelyard_pipelines/sources/gym/contract.yaml"
FOLDER = {f"ml/models/quitting/{name}" for name in (".copier-answers.yml", "README.md", "explore.ipynb", "model.py")}


def test_ingest_works_at_once_and_personal_columns_are_gone(yard, members):
    members()
    drafted = yard.json("data", "new", "gym", "--from", "gym.csv")
    assert drafted["key"] == ["Member ID"]
    assert any("E-mail" in line for line in drafted["review"])
    assert yard.files() == {SOURCE, "gym.csv"}
    yard.run("data", "ingest", "gym")
    assert "stored before" in yard.run("data", "ingest", "gym").stdout
    yard.run("data", "run", "gym")
    tables = {(one["layer"], one["name"]): one["rows"] for one in yard.json("data", "history")}
    assert tables == {("RAW", "gym"): 900, ("CLEAN", "gym"): 900, ("CURATED", "gym"): 900}
    clean = pl.read_delta(str(yard.state / "local" / "data" / "lake" / "CURATED" / "gym"))
    assert clean.columns == ["member_id", "visits", "monthly_fee", "plan", "quit", "_batch"]
    assert not clean["member_id"].str.starts_with("M0").any()


def test_a_later_snapshot_replaces_what_curated_holds(curated):
    pl.read_csv(curated.root / "gym.csv").head(880).write_csv(curated.root / "gym.csv")
    curated.run("data", "run", "gym")
    tables = {(one["layer"], one["name"]): one["rows"] for one in curated.json("data", "history")}
    assert tables["CURATED", "gym"] == 880


def test_a_model_is_one_folder_and_keeps_the_contract(curated):
    before = curated.files()
    made = curated.json("model", "new", "quitting", "--purpose", "gym", "--defaults", "--owner", "front desk")
    assert curated.files() - before == FOLDER
    assert made["lines"] < 40
    assert (made["target"], made["features"]["integer"]) == ("quit=yes", ["visits"])
    report = curated.json("model", "check", "quitting")
    assert report["passed"]
    assert len(report["checks"]) == 18
    assert [one["name"] for one in report["checks"] if not one["passed"]] == []
    assert [row["model"] for row in curated.json("model", "list")] == ["quitting"]


def test_what_one_says_goes_before_what_the_data_suggests(curated):
    made = curated.json(
        *("model", "new", "fees", "--purpose", "gym", "--target", "monthly_fee>50", "--unknown", "quit,visits"),
        *("--split", "member_id", "--owner", "finance", "--risk", "high", "--description", "Is the fee above 50?"),
    )
    assert made["target"] == "monthly_fee>50"
    assert set(made["left_out"]) == {"member_id", "quit", "visits"}
    text = (curated.root / "ml/models/fees/model.py").read_text()
    assert 'risk="high"' in text
    assert text.startswith('"""Is the fee above 50?"""')


def test_the_notebook_runs(curated):
    curated.run("model", "new", "quitting", "--purpose", "gym", "--defaults", "--owner", "front desk")
    folder = curated.root / "ml/models/quitting"
    cells = [one for one in json.loads((folder / "explore.ipynb").read_text())["cells"] if one["cell_type"] == "code"]
    code = "\n".join("".join(cell["source"]) for cell in cells)
    check = "assert rows.height == 900 and max(skills.values()) > 0.6 and moved['visits'] > 0\n"
    environment = {name: value for name, value in curated.environment().items() if name != "MODELYARD_ROOT"}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_at_most_five_questions_are_asked_and_each_has_an_answer_already(curated):
    """On a terminal: here one that the test plays."""
    leader, follower = pty.openpty()
    command = [
        str(Path(sys.executable).with_name("modelyard")),
        "model",
        "new",
        "quitting",
        "--purpose",
        "gym",
    ]
    with subprocess.Popen(
        command,
        env=curated.environment(),
        cwd=curated.root,
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(follower)
        os.write(leader, b"\n\n\nfront desk\n")
        out, said = process.communicate(timeout=60)
    os.close(leader)
    assert process.returncode == 0, said.decode()
    assert said.decode().count("?") == 4
    assert b"quitting" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["model", "new", "gym", "--purpose", "pool", "--defaults"], 4, "no purpose is called 'pool'"),
        (["model", "new", "quitting", "--defaults"], 4, "somebody must say what the model learns from"),
        (["model", "new", "quitting", "--purpose", "planes", "--defaults"], 4, "CURATED/planes does not exist yet"),
        (["model", "new", "quitting", "--purpose", "gym", "--target", "left"], 5, "no column 'left' to predict"),
        (["model", "new", "quitting", "--purpose", "gym", "--split", "when"], 5, "no column 'when' to split by"),
        (["model", "new", "Quitting", "--purpose", "gym"], 5, "cannot be called 'Quitting'"),
        (["model", "upgrade", "quitting"], 5, "there is no model 'quitting'"),
        (["model", "check", "quitting"], 5, "there is no model 'quitting'"),
        (["data", "new", "gym", "--from", "gym.csv"], 3, "gym is taken"),
        (["data", "new", "Gym", "--from", "gym.csv"], 3, "cannot be called 'Gym'"),
        (["data", "new", "pool", "--from", "nothing.csv"], 4, "cannot be read"),
        (["data", "new", "pool", "--from", "gym.csv", "--personal", "visits"], 2, "COLUMN=drop"),
        (["data", "new", "pool", "--from", "gym.csv", "--key", "plan"], 4, "is no key"),
        (["data", "ingest", "planes", "--file", "gym.csv"], 4, "manufacturer|missing_column|is missing"),
        (["data", "ingest", "pool"], 4, "no source is called 'pool'"),
    ],
)
def test_every_refusal_says_what_and_the_next_command(stored, words, code, said):
    before = stored.files()
    done = stored.run(*words, expect=code)
    assert re.search(said, done.stderr), done.stderr
    assert code == 2 or "next: " in done.stderr
    assert "Traceback" not in done.stderr
    assert stored.files() == before


def test_a_source_whose_file_is_gone_says_where_it_looked(yard, members):
    path = members()
    yard.run("data", "new", "gym", "--from", "gym.csv")
    path.unlink()
    done = yard.run("data", "ingest", "gym", expect=4)
    assert "no file to land" in done.stderr
    assert "gym.csv" in done.stderr


def test_a_folder_is_delivered_file_by_file(yard, members):
    members("gym.csv")
    yard.run("data", "new", "gym", "--from", "gym.csv", "--delivery", "increment", "--key", "Member ID,E-mail")
    contract = yard.root / SOURCE
    contract.write_text(contract.read_text().replace("path: gym.csv", "path: inbox"))
    (yard.root / "inbox").mkdir()
    frame = pl.read_csv(yard.root / "gym.csv")
    frame.head(450).write_csv(yard.root / "inbox" / "a.csv")
    frame.tail(450).write_csv(yard.root / "inbox" / "b.csv")
    said = yard.run("data", "run", "gym").stdout
    assert "2 batches joined" in said
    assert {one["file"] for one in yard.json("data", "history", "gym")} == {"a.csv", "b.csv"}


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv.gz"])
def test_other_formats_go_all_the_way(yard, members, suffix):
    import gzip

    path = members()
    frame = pl.read_csv(path)
    other = yard.root / f"gym.{suffix}"
    if suffix == "parquet":
        frame.write_parquet(other)
    elif suffix == "jsonl":
        frame.write_ndjson(other)
    else:
        other.write_bytes(gzip.compress(path.read_bytes()))
    yard.run("data", "new", "gym", "--from", other.name)
    yard.run("data", "ingest", "gym")
    assert yard.json("data", "history")[0]["rows"] == 900
