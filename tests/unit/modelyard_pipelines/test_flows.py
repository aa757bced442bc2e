"""The declared flows fit the command line, the environments and the models of this checkout."""

from pathlib import Path

import click
import pytest

from modelyard.cli.main import modelyard
from modelyard.environment.loading import load_environment
from modelyard.environment.schedule_settings import Schedules
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError
from modelyard.lake.layers import Layer
from modelyard.testing.platforms import bare_platform
from modelyard_pipelines.data.running import data_workflow
from modelyard_pipelines.flows import FLOWS, find_flow, subjects_of
from modelyard_pipelines.purposes.catalog import find_purpose

WORKSPACE = Workspace.at(Path(__file__).resolve().parents[3])
TASKS = [(flow, task) for flow in FLOWS for task in flow.tasks]


@pytest.fixture(scope="module")
def subjects():
    return subjects_of(WORKSPACE)


def written(flow, subjects):
    return flow.over(subjects, "dev", **dict.fromkeys(flow.parameters, "flight_delay"))


@pytest.mark.parametrize(("flow", "task"), TASKS, ids=lambda one: one.name)
def test_a_task_is_a_command_that_there_is_with_options_that_it_knows(flow, task, subjects):
    command, context = modelyard, click.Context(modelyard)
    first = next(one for one in written(flow, subjects).tasks if one.name.partition("-")[0] == task.name)
    words = list(first.command[1:])
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    command.make_context("tested", words)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_is_about_every_model_purpose_or_source_that_its_tasks_are_done_for(flow, subjects):
    tasks = written(flow, subjects).tasks
    assert len(tasks) == sum(len(subjects.of(task.each)) for task in flow.tasks)


def test_environments_time_the_flows_that_can_run_by_themselves_and_no_others():
    assert set(Schedules.model_fields) - {"runner"} == {flow.name for flow in FLOWS if not flow.parameters}


def test_a_flow_has_the_timetable_of_the_environment():
    assert find_flow("nightly", load_environment(WORKSPACE, "prod")).cron == "0 2 * * *"
    assert find_flow("nightly", load_environment(WORKSPACE, "local")).cron is None
    with pytest.raises(InvalidSettingsError, match="no flow is called 'hourly'"):
        find_flow("hourly", load_environment(WORKSPACE, "prod"))


def test_no_flow_moves_traffic_or_promotes():
    words = {word for _, task in TASKS for word in task.command}
    assert words & {"deploy", "rollout", "promote", "rollback", "up", "down"} == set()


def test_what_a_spark_model_says_is_never_served(subjects):
    assert "lean_body_mass_spark" not in subjects.served
    assert "flight_delay" in subjects.served


def test_a_workflow_of_this_process_is_the_same_graph_as_data(tmp_path):
    platform = bare_platform(WORKSPACE.root, tmp_path / "state")
    workflow = data_workflow(platform, find_purpose("flight_delay"), ["2013-01"])
    flow = workflow.flow
    assert flow.name == "data-flight_delay"
    (curate,) = [task for task in flow.tasks if task.name == "curate-flight_delay"]
    assert set(curate.needs) == {task.name for task in flow.tasks} - {curate.name}
    assert str(Layer.CURATED) not in curate.command


def test_without_a_month_the_workflow_brings_every_month_that_its_sources_know(tmp_path):
    platform = bare_platform(WORKSPACE.root, tmp_path / "state")
    names = {step.task.name for step in data_workflow(platform, find_purpose("flight_delay"), ()).steps}
    months = {name.removeprefix("deliver-flights-") for name in names if name.startswith("deliver-flights-")}
    assert months == {f"2013-{month:02d}" for month in range(1, 13)}
    assert {name for name in names if name.startswith("deliver-planes")} == {"deliver-planes"}
