"""`modelyard schedule`: list, show, run, render."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, say, table
from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.timetable import Timetable
from modelyard.environment.workspace import Workspace
from modelyard.workflow.drawing import draw
from modelyard.workflow.flow import Flow, Task
from modelyard.workflow.processes import ended_by_a_signal, run_process
from modelyard.workflow.running import TaskRun, exit_code_of, run_flow
from modelyard_pipelines.flows import FLOWS, find_flow, subjects_of
from modelyard_pipelines.scheduling import AIRFLOW, DATABRICKS, render_airflow, render_databricks, write

MARKS = {"done": "✓", "failed": "✗", "left out": "-"}
model_option: Callable[[Any], Any] = click.option(
    "--model", "models", multiple=True, help="only this model, with its purpose; may be given several times"
)


@click.group()
def schedule() -> None:
    """What happens by itself: flows, and what starts them."""


@schedule.command(name="list")
@environment_option
@format_option
def list_flows(environment_name: str, output_format: str) -> None:
    """Every flow: when it runs in an environment, who starts it, and what it does."""
    environment = load_environment(Workspace.find(), environment_name)
    rows = [_row(find_flow(flow.name, environment), environment) for flow in FLOWS]
    headings = ["flow", "at (UTC)", "next", "started by", "what"]
    emit([dict(zip(headings, row, strict=True)) for row in rows], lambda: table(headings, rows), output_format)


@schedule.command()
@click.argument("name", metavar="FLOW")
@model_option
@environment_option
@format_option
def show(name: str, models: tuple[str, ...], environment_name: str, output_format: str) -> None:
    """Draws the tasks of FLOW, each below what it needs, with the command that does it."""
    flow = _written(name, models, environment_name, shown=True)
    document = {"flow": flow.name, "cron": flow.cron, "tasks": [_document(task) for task in flow.order()]}
    when = f", at {flow.cron} (UTC)" if flow.cron else ""
    emit(document, lambda: f"{flow.name}: {flow.title}{when}\n\n{draw(flow)}", output_format)


@schedule.command()
@click.argument("name", metavar="FLOW")
@click.option("--only", multiple=True, metavar="TASK", help="only this task; may be given several times")
@click.option("--started-by", metavar="SCHEDULER", help="do nothing unless the environment names this scheduler")
@model_option
@environment_option
@format_option
def run(
    name: str,
    *,
    only: tuple[str, ...],
    started_by: str | None,
    models: tuple[str, ...],
    environment_name: str,
    output_format: str,
) -> None:
    """Runs the tasks of FLOW in order, here and now. Run again, it continues: every task may be repeated.

    A task that needs one that failed is left out, the others go on. The exit code is that of the first failure.
    """
    runner = load_environment(Workspace.find(), environment_name).schedules.runner
    if started_by is not None and started_by != runner:
        # Two timetables for one environment would run everything twice.
        emit(
            [], f"nothing is done: in {environment_name} flows are started by {runner}, not {started_by}", output_format
        )
        return
    flow = _written(name, models, environment_name)
    flow = flow.only(only) if only else flow
    runs: list[TaskRun] = []
    with ended_by_a_signal():
        for one in run_flow(flow, _execute, begin=_begin):
            runs.append(one)
            say(f"{MARKS[one.state]} {one.task}: {_state(one)}")
    emit([one.to_json() for one in runs], lambda: _summary(runs), output_format)
    failed = [one for one in runs if one.state == "failed"]
    if failed:
        say(f"error: {len(failed)} of {len(runs)} tasks of {name} failed: {', '.join(one.task for one in failed)}")
        say(f"next: {shlex.join(failed[0].command)}; then the same command again")
        sys.exit(exit_code_of(runs))


@schedule.command()
@click.argument("name", metavar="[FLOW]", required=False)
@click.option("--all", "everything", is_flag=True, help="every flow")
@click.option("--to", "scheduler", type=click.Choice([AIRFLOW, DATABRICKS]), required=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="the folder to write to")
@environment_option
@format_option
def render(
    name: str | None, *, everything: bool, scheduler: str, out: Path, environment_name: str, output_format: str
) -> None:
    """Writes FLOW for another scheduler: DAG files for Airflow 3, an asset bundle for Databricks.

    A DAG is one environment's. A bundle has a target for each environment that has a Databricks workspace.
    """
    if bool(name) == everything:
        raise click.UsageError("name one flow, or --all")
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    flows = [find_flow(one, environment) for one in ([name] if name else [flow.name for flow in FLOWS])]
    if scheduler == AIRFLOW:
        files = render_airflow(flows, environment, subjects_of(workspace))
    else:
        files = render_databricks(flows, workspace, subjects_of(workspace), out=out)
    written = write(files, out)
    if environment.schedules.runner != scheduler and scheduler == AIRFLOW:
        say(f"without timetables: {environment_name} has its flows started by {environment.schedules.runner}")
    emit([str(path) for path in written], lambda: "\n".join(map(str, written)), output_format)


def _written(name: str, models: tuple[str, ...], environment_name: str, *, shown: bool = False) -> Flow:
    """The flow with its tasks written out, for everything or for some models."""
    workspace = Workspace.find()
    flow = find_flow(name, load_environment(workspace, environment_name))
    subjects = subjects_of(workspace)
    subjects = subjects.about(models) if models else subjects
    if not flow.parameters:
        return flow.over(subjects, environment_name)
    if len(models) != 1 and not shown:
        raise click.UsageError(f"{name} is about one model: --model NAME, one of {', '.join(subjects.served)}")
    return flow.over(subjects, environment_name, model=models[0] if models else "MODEL")


def _row(flow: Flow, environment: Environment) -> tuple[str | None, ...]:
    coming = Timetable.parse(flow.cron).next_after(datetime.now(UTC)) if flow.cron else None
    return (
        flow.name,
        flow.cron,
        f"{coming:%Y-%m-%d %H:%M}" if coming else None,
        environment.schedules.runner if flow.cron else ("a promotion" if flow.parameters else "nobody"),
        flow.title,
    )


def _document(task: Task) -> dict[str, Any]:
    kept = {"name": task.name, "title": task.title, "command": list(task.command), "needs": list(task.needs)}
    return {**kept, "timeout_minutes": task.timeout_minutes, "retries": task.retries, "owner": task.owner}


def _begin(task: Task) -> None:
    say(f"… {task.name}: {shlex.join(task.command)}")


def _execute(task: Task) -> int:
    return run_process(task, lambda line: say(f"  {task.name} | {line}"))


def _state(one: TaskRun) -> str:
    if one.state == "left out":
        return f"left out, since {', '.join(one.because_of)} did not end well"
    again = f" at attempt {one.attempts}" if one.attempts > 1 else ""
    return f"{one.seconds:.1f} s{again}" if not one.exit_code else f"exit code {one.exit_code}{again}"


def _summary(runs: list[TaskRun]) -> str:
    rows = [(one.task, one.state, one.exit_code, one.attempts, one.seconds) for one in runs]
    return table(["task", "", "exit code", "attempts", "seconds"], rows)
