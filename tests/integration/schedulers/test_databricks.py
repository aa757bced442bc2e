"""Databricks' own types take every job of the bundle, and nothing that is misspelt or of another kind."""

import copy
import json
import subprocess
import sys

import pytest
import yaml

READS = """
import json, sys
from databricks.bundles.jobs import ClusterSpec, Job

kinds = {"job": Job, "cluster": ClusterSpec}
said = {}
for name, (kind, document) in json.load(sys.stdin).items():
    try:
        said[name] = [None, kinds[kind].from_dict(document).as_dict()]
    except Exception as error:
        said[name] = [f"{type(error).__name__}: {error}", None]
json.dump(said, sys.stdout)
"""
FLOWS = ("nightly", "weekly", "drift", "promoted")


@pytest.fixture(scope="module")
def bundle(checkout):
    checkout.set("prod", runner="databricks")
    out = checkout.root / "databricks"
    checkout.modelyard("schedule", "render", "--all", "--to", "databricks", "--out", str(out))
    return out


@pytest.fixture(scope="module")
def document(bundle):
    return yaml.safe_load((bundle / "databricks.yml").read_text())


@pytest.fixture(scope="module")
def jobs(bundle, document):
    """Every job as each target has it: what is its own, with what the target lays over it."""
    merged = {}
    for name in FLOWS:
        own = yaml.safe_load((bundle / "resources" / f"{name}.yml").read_text())["resources"]["jobs"]
        for target, said in document["targets"].items():
            for key, job in own.items():
                merged[f"{target} {key}"] = {**job, **said["resources"]["jobs"][key]}
    return merged


@pytest.fixture(scope="module")
def read(tool):
    """What the types say of documents: {name: (refusal, document read back)}."""

    def ask(documents):
        ended = subprocess.run(
            [tool("databricks"), "-c", READS], input=json.dumps(documents), capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return ask


def test_every_job_is_one_that_databricks_knows(read, jobs):
    said = read({name: ("job", job) for name, job in jobs.items()})
    assert len(said) == len(FLOWS) * 2
    assert {name: refusal for name, (refusal, _) in said.items() if refusal} == {}
    for name, (_, read_back) in said.items():
        assert read_back["tasks"] == jobs[name]["tasks"]


def test_the_cluster_of_every_target_is_one_that_databricks_knows(read, document):
    clusters = {name: target["variables"]["cluster"] for name, target in document["targets"].items()}
    said = read({name: ("cluster", cluster) for name, cluster in clusters.items()})
    assert {name: refusal for name, (refusal, _) in said.items()} == {"test": None, "prod": None}


def test_the_tasks_of_a_job_need_each_other_as_the_graph_says(checkout, jobs):
    shown = json.loads(checkout.modelyard("schedule", "show", "weekly", "--env", "prod", "--format", "json").stdout)
    tasks = jobs["prod modelyard_weekly"]["tasks"]
    assert {one["task_key"]: [need["task_key"] for need in one.get("depends_on", [])] for one in tasks} == {
        one["name"]: one["needs"] for one in shown["tasks"]
    }


def test_only_the_environments_own_scheduler_is_awake(jobs):
    assert jobs["prod modelyard_nightly"]["schedule"]["pause_status"] == "UNPAUSED"
    assert jobs["test modelyard_nightly"]["schedule"]["pause_status"] == "PAUSED"
    assert "schedule" not in jobs["test modelyard_weekly"]
    assert "schedule" not in jobs["prod modelyard_promoted"]


def test_the_script_of_a_task_ends_as_its_command_does(bundle, checkout):
    def ends_with(*words):
        command = [sys.executable, str(bundle / "run_command.py"), *words]
        return subprocess.run(command, env=checkout.surroundings, capture_output=True, check=False).returncode

    assert ends_with("env", "list") == 0
    assert ends_with("env", "show", "nowhere") == 3


def test_a_weakened_copy_is_caught(read, jobs):
    job = jobs["prod modelyard_nightly"]

    def broken(change):
        copied = copy.deepcopy(job)
        change(copied)
        return ("job", copied)

    said = read(
        {
            "misspelt key": broken(lambda one: one["tasks"][0].update(depend_on=[])),
            "no key": broken(lambda one: one["tasks"][0].pop("task_key")),
            "a word for a number": broken(lambda one: one["tasks"][0].update(timeout_seconds="long")),
            "unknown status": broken(lambda one: one["schedule"].update(pause_status="AWAKE")),
            "no timezone": broken(lambda one: one["schedule"].pop("timezone_id")),
            "tasks in no list": broken(lambda one: one.update(tasks={"task_key": "a"})),
        }
    )
    assert {name for name, (refusal, _) in said.items() if refusal is None} == set()
