"""Flows for other schedulers: written out for what there is, and put into files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from modelyard.environment.loading import environment_names, load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.workflow import airflow, databricks
from modelyard.workflow.flow import Flow
from modelyard.workflow.subjects import Subjects
from modelyard_bundle.atomic import write_atomically

AIRFLOW, DATABRICKS = "airflow", "databricks"


def render_airflow(flows: Sequence[Flow], environment: Environment, subjects: Subjects) -> dict[str, str]:
    """A DAG file for each flow. Where Airflow does not start the environment's flows, they have no timetable."""
    owner = environment.azure.tags.owner if environment.azure else environment.project
    files = {}
    for flow in flows:
        timed = replace(flow, cron=flow.cron if environment.schedules.runner == AIRFLOW else None)
        written = timed.over(subjects, environment.name, **{name: airflow.place_of(name) for name in flow.parameters})
        choices = dict.fromkeys(flow.parameters, subjects.served)
        text = airflow.dag_file(written, owner=owner, environment=environment.name, choices=choices)
        files[f"modelyard_{environment.name}_{flow.name}.py"] = text
    return files


def render_databricks(flows: Sequence[Flow], workspace: Workspace, subjects: Subjects, *, out: Path) -> dict[str, str]:
    """An asset bundle of the flows, with a target for each environment that has a workspace.

    Raises:
        InvalidSettingsError: none has one.
    """
    written = [
        flow.over(subjects, databricks.TARGET, **{name: databricks.place_of(name) for name in flow.parameters})
        for flow in flows
    ]
    environments = [load_environment(workspace, name) for name in environment_names(workspace)]
    return databricks.bundle_files(written, environments, root=workspace.root, out=out)


def write(files: Mapping[str, str], out: Path) -> list[Path]:
    """Puts files below a folder, and says where each is."""
    for name, text in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    return [out / name for name in files]
