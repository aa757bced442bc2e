"""The bundle's documents: what Databricks' own types make of them stands in tests/integration/schedulers."""

from pathlib import Path

import pytest
import yaml

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError
from modelyard.workflow.databricks import TARGET, bundle_files, job_key

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def environments():
    return [load_environment(Workspace.at(ROOT), name) for name in ("local", "dev", "test", "prod")]


@pytest.fixture
def rendered(night, subjects, environments):
    flow = night.over(subjects, TARGET)
    files = bundle_files([flow], environments, root=ROOT, out=ROOT / "databricks")
    return {name: yaml.safe_load(text) for name, text in files.items() if name.endswith(".yml")}


def with_schedules(environment, **schedules):
    changed = environment.schedules.model_copy(update=schedules)
    return environment.model_copy(update={"schedules": changed})


def test_the_tasks_of_a_job_need_each_other_as_the_graph_says(rendered, night, subjects):
    flow = night.over(subjects, TARGET)
    (job,) = rendered["resources/night.yml"]["resources"]["jobs"].values()
    needs = {one["task_key"]: [need["task_key"] for need in one.get("depends_on", [])] for one in job["tasks"]}
    assert needs == {task.name: list(task.needs) for task in flow.tasks}


def test_a_task_is_the_words_of_its_command_with_the_target_as_environment(rendered):
    (job,) = rendered["resources/night.yml"]["resources"]["jobs"].values()
    data = next(one for one in job["tasks"] if one["task_key"] == "data-delay")
    assert data["spark_python_task"]["parameters"] == ["data", "run", "delay", "--env", "${bundle.target}"]
    assert data["timeout_seconds"] == 3600


def test_only_an_environment_with_a_workspace_is_a_target(rendered):
    assert set(rendered["databricks.yml"]["targets"]) == {"test", "prod"}


def test_clusters_are_as_large_as_the_environment_says(rendered, environments):
    prod = rendered["databricks.yml"]["targets"]["prod"]["variables"]["cluster"]
    settings = environments[3].azure.databricks
    assert prod["node_type_id"] == settings.node_size
    assert prod["autoscale"] == {"min_workers": 1, "max_workers": settings.max_workers}
    assert prod["spark_env_vars"]["MODELYARD_ROOT"] == "${workspace.file_path}"


def test_nothing_is_started_twice(night, subjects, environments):
    def status(runner):
        prod = with_schedules(environments[3], runner=runner, nightly="0 2 * * *")
        flow = night.over(subjects, TARGET)
        renamed = type(flow)("nightly", flow.title, flow.tasks)
        files = bundle_files([renamed], [prod], root=ROOT, out=ROOT / "databricks")
        target = yaml.safe_load(files["databricks.yml"])["targets"]["prod"]
        return target["resources"]["jobs"][job_key(renamed)].get("schedule")

    assert status("databricks")["pause_status"] == "UNPAUSED"
    assert status("databricks")["quartz_cron_expression"] == "0 0 2 * * ?"
    assert status("container_apps")["pause_status"] == "PAUSED"
    assert status("nobody") is None


def test_no_address_and_no_secret_stands_in_a_bundle(rendered):
    text = yaml.safe_dump(rendered)
    assert "azuredatabricks.net" not in text
    assert "host" not in rendered["databricks.yml"]["targets"]["prod"]["workspace"]


def test_without_any_workspace_there_is_no_bundle(night, subjects, environments):
    with pytest.raises(InvalidSettingsError, match="none of the environments local, dev has a workspace"):
        bundle_files([night.over(subjects, TARGET)], environments[:2], root=ROOT, out=ROOT / "databricks")
