"""Airflow itself loads what is rendered for it: no import error, the edges of the graph, no circle."""

import json
import os
import subprocess
from pathlib import Path

import pytest

LOADS = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1], safe_mode=False, load_op_links=False)
dags = {
    dag.dag_id: {
        "schedule": getattr(dag.timetable, "expression", None),
        "catchup": dag.catchup,
        "runs": dag.max_active_runs,
        "params": {name: dag.params.get_param(name).schema for name in dag.params},
        "tasks": {
            task.task_id: {
                "command": task.bash_command,
                "minutes": task.execution_timeout.total_seconds() / 60,
                "retries": task.retries,
                "owner": task.owner,
                "before": sorted(task.upstream_task_ids),
            }
            for task in dag.tasks
        },
    }
    for dag in bag.dags.values()
}
with open(sys.argv[2], "w") as file:
    json.dump({"errors": bag.import_errors, "dags": dags}, file)
"""
DAGS = ("nightly", "weekly", "drift", "promoted")


@pytest.fixture(scope="module")
def load(tool, tmp_path_factory):
    """Lets Airflow read a folder of DAG files, once; importing Airflow takes seconds."""

    def read(folder):
        home = tmp_path_factory.mktemp("airflow")
        surroundings = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        surroundings |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "HOME": str(home)}
        ended = subprocess.run(
            [tool("airflow"), "-c", LOADS, str(folder), str(home / "said.json")],
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads((home / "said.json").read_text())

    return read


@pytest.fixture(scope="module")
def rendered(checkout, tmp_path_factory):
    checkout.set("dev", runner="airflow", nightly="15 2 * * *")
    out = tmp_path_factory.mktemp("dags")
    said = checkout.modelyard("schedule", "render", "--all", "--to", "airflow", "--env", "dev", "--out", str(out))
    assert "without timetables" not in said.stderr
    return out


@pytest.fixture(scope="module")
def shown(checkout):
    """Every flow as `modelyard schedule show` tells it."""
    said = [checkout.modelyard("schedule", "show", name, "--env", "dev", "--format", "json") for name in DAGS]
    return {document["flow"]: document for document in (json.loads(one.stdout) for one in said)}


@pytest.fixture(scope="module")
def loaded(load, rendered):
    return load(rendered)


def test_airflow_loads_every_dag_without_an_error(loaded):
    assert loaded["errors"] == {}
    assert set(loaded["dags"]) == {f"modelyard-dev-{name}" for name in DAGS}


@pytest.mark.parametrize("name", DAGS)
def test_a_dag_has_the_tasks_and_the_edges_of_the_graph(loaded, shown, name):
    dag = loaded["dags"][f"modelyard-dev-{name}"]
    tasks = {task["name"]: task for task in shown[name]["tasks"]}
    assert {task: said["before"] for task, said in dag["tasks"].items()} == {
        task: sorted(said["needs"]) for task, said in tasks.items()
    }
    for task, said in dag["tasks"].items():
        assert said["command"].replace("{{ params.model }}", "MODEL") == " ".join(tasks[task]["command"])
        assert (said["minutes"], said["retries"]) == (tasks[task]["timeout_minutes"], tasks[task]["retries"])
        assert said["owner"] == tasks[task]["owner"] or not tasks[task]["owner"]


def test_a_dag_runs_when_the_environment_says_once_at_a_time_and_catches_nothing_up(loaded):
    nightly = loaded["dags"]["modelyard-dev-nightly"]
    assert (nightly["schedule"], nightly["catchup"], nightly["runs"]) == ("15 2 * * *", False, 1)


def test_what_a_promotion_sets_off_asks_for_a_model_that_can_be_served(loaded):
    promoted = loaded["dags"]["modelyard-dev-promoted"]
    assert promoted["schedule"] is None
    assert "flight_delay" in promoted["params"]["model"]["enum"]
    assert "lean_body_mass_spark" not in promoted["params"]["model"]["enum"]


def test_an_environment_that_airflow_does_not_serve_gets_dags_without_timetables(checkout, tmp_path):
    said = checkout.modelyard(
        *("schedule", "render", "nightly", "--to", "airflow", "--env", "prod", "--out", str(tmp_path))
    )
    assert "without timetables: prod has its flows started by container_apps" in said.stderr
    assert "schedule=None" in (tmp_path / "modelyard_prod_nightly.py").read_text()


def test_a_weakened_copy_is_caught(load, loaded, rendered, tmp_path):
    edge = "data_flight_delay >> score_flight_delay"
    nightly = (rendered / "modelyard_dev_nightly.py").read_text()
    assert edge in nightly
    broken = {
        "circle": nightly.replace(edge, f"{edge}\n    score_flight_delay >> data_flight_delay"),
        "misspelt": nightly.replace("BashOperator", "BashOperater"),
        "never": nightly.replace('schedule="15 2 * * *"', 'schedule="15 25 * * *"'),
        "unedged": nightly.replace(f"    {edge}\n", ""),
    }
    for name, text in broken.items():
        assert text != nightly
        (tmp_path / f"{name}.py").write_text(text.replace("modelyard-dev-nightly", name))
    found = load(tmp_path)
    assert {Path(path).name for path in found["errors"]} == {"circle.py", "misspelt.py", "never.py"}
    before = {task: said["before"] for task, said in found["dags"]["unedged"]["tasks"].items()}
    whole = loaded["dags"]["modelyard-dev-nightly"]["tasks"]
    assert {task for task, needs in before.items() if needs != whole[task]["before"]} == {"score-flight_delay"}
