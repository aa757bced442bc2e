"""Container Apps jobs: one for each flow that the environment times, and nothing in it but the flow's name."""

import pytest

PLACES = {"nightly", "weekly", "drift"}


def jobs(blueprint):
    return {job.key: job.properties for job in blueprint.graph.of_kind("app:Job")}


@pytest.mark.parametrize(("name", "flows"), [("dev", PLACES), ("test", PLACES - {"weekly"}), ("prod", PLACES)])
def test_there_is_a_job_for_each_flow_that_has_a_timetable(blueprints, name, flows):
    assert set(jobs(blueprints[name])) == {f"job-{flow}" for flow in flows}


def test_a_job_starts_its_flow_by_the_clock_and_one_copy_of_it(changed):
    job = jobs(changed("prod", {"schedules.nightly": "30 1 * * 1-5"}))["job-nightly"]
    configuration = job["configuration"]
    assert configuration["triggerType"] == "Schedule"
    assert configuration["scheduleTriggerConfig"] == {
        "cronExpression": "30 1 * * 1-5",
        "parallelism": 1,
        "replicaCompletionCount": 1,
    }
    assert "manualTriggerConfig" not in configuration
    (container,) = job["template"]["containers"]
    assert (container["command"], container["args"]) == (
        ["modelyard"],
        ["schedule", "run", "nightly", "--env", "prod"],
    )


def test_time_and_retries_are_the_settings(changed):
    job = jobs(
        changed("dev", {"azure.container_apps.jobs.timeout_minutes": 30, "azure.container_apps.jobs.retries": 3})
    )
    configuration = job["job-drift"]["configuration"]
    assert (configuration["replicaTimeout"], configuration["replicaRetryLimit"]) == (1_800, 3)


@pytest.mark.parametrize("runner", ["azure_pipelines", "airflow", "nobody"])
def test_where_another_starts_the_flows_there_is_no_job(changed, runner):
    assert jobs(changed("prod", {"schedules.runner": runner})) == {}


def test_a_flow_without_a_timetable_has_no_job(changed):
    assert "job-drift" not in jobs(changed("prod", {"schedules.drift": None}))
