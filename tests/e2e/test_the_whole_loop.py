"""The demo's loop in a checkout and a home of its own, then what a user may do to it. Tests run in this order."""

import gzip
import json
import os
import signal
import urllib.request
from pathlib import Path

import polars as pl
import pytest

pytestmark = pytest.mark.slow
MODEL = "flight_delay"


@pytest.fixture(scope="module")
def demo(checkout):
    """What the first `make demo` left behind."""
    done = checkout.run("make", "demo")
    summary = json.loads((checkout.state / "local" / "demo.json").read_text())
    return done.stdout, summary


@pytest.fixture(scope="module")
def june(checkout, demo):
    """June's flights as text, to be spoilt."""
    landed = checkout.state / "local" / "data" / "lake" / "lake" / "source" / "flights" / "flights-2013-06.csv"
    return pl.read_csv(landed, infer_schema=False)


def version_of_raw(checkout):
    tables = checkout.modelyard("data", "history")
    return next(one["version"] for one in tables if (one["layer"], one["name"]) == ("RAW", "flights"))


def test_the_demo_ends_with_a_prediction_by_the_second_version(demo):
    text, summary = demo
    assert "one prediction:" in text
    assert summary["prediction"]["version"] == "2"
    (prediction,) = summary["prediction"]["answer"]["predictions"]
    assert 0 < prediction["probability"] < 1
    assert summary["changed"]


def test_every_flight_of_the_year_is_in_every_layer(demo):
    _, summary = demo
    rows = {(one["layer"], one["name"]): one["rows"] for one in summary["tables"]}
    assert rows["RAW", "flights"] == rows["CLEAN", "flights"] == rows["CURATED", "flight_delay"] == 336_776
    assert rows["RAW", "weather"] == rows["CLEAN", "weather"] == 26_115


def test_the_second_version_replaced_the_first_by_a_decision_with_a_name(demo):
    text, summary = demo
    assert summary["comparison"]
    assert all(reason in text for reason in summary["comparison"])
    assert [one["stage"] for one in summary["versions"]] == ["archived", "production"]
    first, second = summary["promotions"]
    assert (first["replaces"], second["replaces"]) == (None, 1)
    assert all(one["by"] and one["reason"] and one["evidence"] for one in summary["promotions"])


def test_the_demo_again_changes_nothing(checkout, demo):
    done = checkout.run("make", "demo")
    assert "nothing had to be changed" in done.stdout
    again = json.loads((checkout.state / "local" / "demo.json").read_text())
    assert not again["changed"]
    for part in ("tables", "versions", "promotions", "connections"):
        assert again[part] == demo[1][part]


def test_plain_pulumi_agrees_that_there_is_nothing_to_do(checkout, demo):
    pulumi = checkout.state / "bin" / "pulumi"
    checkout.run("sh", "-c", f"cd infra && '{pulumi}' preview -s local --expect-no-changes --non-interactive")


def test_a_killed_server_is_reported_and_repaired(checkout, demo):
    tracking = demo[1]["connections"]["tracking"]
    port = tracking.rsplit(":", 1)[1]
    for pid in _serving(checkout, port):
        os.kill(pid, signal.SIGKILL)
    found = checkout.modelyard("infra", "refresh", "local")
    assert "mlflow" in json.dumps(found["changes"])
    checkout.modelyard("infra", "up", "local")
    with urllib.request.urlopen(f"{tracking}/health", timeout=10) as answer:
        assert answer.status == 200


def _serving(checkout, port):
    """The processes of this checkout whose command line names a port."""
    found = []
    for pid in checkout.processes():
        if port.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            found.append(pid)
    assert found
    return found


def kilometres(frame):
    return frame.with_columns((pl.col("distance").cast(pl.Float64) * 1.609).round(0).cast(pl.Int64).cast(pl.String))


def swapped(frame):
    return frame.rename({"dep_time": "sched_dep_time", "sched_dep_time": "dep_time"})


def without_carrier(frame):
    return frame.drop("carrier")


def recoded(frame):
    half = frame.get_column("carrier").unique().sort()[::2].to_list()
    return frame.with_columns(pl.col("carrier").replace({code: f"X{i}" for i, code in enumerate(half)}))


def as_july(frame):
    """The batch as if it were a new month, so that only its own fault is left."""
    moved = pl.col("time_hour").str.replace("2013-06", "2014-06")
    return frame.with_columns(pl.lit("2014").alias("year"), moved)


@pytest.mark.parametrize(
    ("spoil", "subject"),
    [(kilometres, "distance"), (swapped, "dep_time"), (without_carrier, "carrier"), (recoded, "carrier")],
)
def test_a_bad_batch_is_refused_for_its_own_reason(checkout, june, tmp_path, spoil, subject):
    before = version_of_raw(checkout)
    file = tmp_path / "flights-2014-06.csv"
    spoil(as_july(june)).write_csv(file)
    result = checkout.modelyard("data", "ingest", "flights", "--file", str(file), expect=4)
    subjects = {one["subject"] for one in result["report"]["findings"] if one["severity"] == "refusal"}
    assert any(subject in one for one in subjects), subjects
    assert version_of_raw(checkout) == before


def test_last_months_file_again_is_refused_under_any_name(checkout, june, tmp_path):
    before = version_of_raw(checkout)
    file = tmp_path / "flights-2014-01.csv.gz"
    file.write_bytes(gzip.compress(june.write_csv().encode()))
    result = checkout.modelyard("data", "ingest", "flights", "--file", str(file), expect=4)
    assert {one["gate"] for one in result["report"]["findings"]} == {"identity"}
    assert version_of_raw(checkout) == before


def test_history_says_what_was_in_production_at_any_time(checkout, demo):
    first, second = (one["at"] for one in demo[1]["promotions"])
    for at, version in ((first, 1), (second, 2)):
        found = checkout.modelyard("model", "history", MODEL, "--at", at)
        assert found["decision"]["version"] == version
    assert checkout.modelyard("model", "history", MODEL, "--at", "2013-09-01T12:00")["decision"] is None


def test_production_scores_every_row_of_the_year_once(checkout, demo):
    done = checkout.modelyard("model", "score", MODEL)
    assert (done["rows"], done["version"]) == (336_776, 2)
    assert checkout.modelyard("model", "score", MODEL)["rows"] == 0


def test_a_version_is_trained_again_from_a_worktree_of_its_commit_and_is_the_same(checkout, demo):
    declaration = checkout.root / "ml" / "models" / MODEL / "model.py"
    before = declaration.read_text()
    declaration.write_text(before + "\nMODEL = None\n")
    try:
        done = checkout.modelyard("model", "reproduce", MODEL, "2", "--no-search")
    finally:
        declaration.write_text(before)
    code = next(line for line in done["lines"] if line["what"] == "code")
    assert code["found"].startswith("a worktree of")
    assert done["identical"]
    assert not list((checkout.state / "worktrees").iterdir())


def test_a_rollback_brings_the_first_version_back_everywhere_within_ten_seconds(checkout, demo):
    done = checkout.modelyard("model", "rollback", MODEL, "--by", "Grace Hopper", "--reason", "complaints")
    assert (done["version"], done["replaces"], done["release"], done["changed"]) == (1, 2, "moved", True)
    assert done["seconds"] < 10
    assert not checkout.modelyard("model", "rollback", MODEL)["changed"]
    status = checkout.modelyard("release", "status", MODEL)
    assert (status["state"], status["served_version"]) == ("served", "1")
    assert checkout.modelyard("model", "history", MODEL)["decisions"][-1]["action"] == "rollback"


def test_the_ledger_verifies_and_one_changed_byte_is_found(checkout, demo):
    assert checkout.modelyard("model", "verify", MODEL)["passed"]
    (ledger,) = (checkout.state / "local" / "data").rglob(f"ledger/{MODEL}.jsonl")
    written = ledger.read_bytes()
    ledger.write_bytes(written.replace(b"Grace", b"Grave", 1))
    try:
        found = checkout.modelyard("model", "verify", MODEL, "--offline", expect=5)
        assert not found["passed"]
        checkout.run(str(checkout.root / ".venv" / "bin" / "modelyard"), "model", "rollback", MODEL, expect=5)
    finally:
        ledger.write_bytes(written)
    assert checkout.modelyard("model", "verify", MODEL, "--offline")["passed"]


def test_the_model_api_passes_its_smoke_checks(checkout, demo):
    assert checkout.modelyard("serve", "smoke")["passed"]


def test_down_leaves_no_process_and_keeps_the_lake(checkout, demo):
    assert checkout.processes()
    checkout.run("make", "down")
    assert checkout.processes() == []
    assert (checkout.state / "local" / "data" / "lake" / "lake" / "RAW" / "flights" / "_delta_log").is_dir()
