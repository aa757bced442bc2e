"""Flows as a Databricks asset bundle: a job for each flow, a target for each environment that has a workspace.

The workspace's address is no part of it: the Databricks CLI signs in before it reads a bundle, so it takes the address
from DATABRICKS_HOST.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from modelyard.environment.azure_compute import Databricks
from modelyard.environment.models import Environment
from modelyard.errors import InvalidSettingsError
from modelyard.workflow.flow import Flow, Task
from modelyard.workflow.quartz import quartz

NAME = "modelyard"
RUNNER = "databricks"
TARGET = "${bundle.target}"
"""What stands for the environment's name: a target is called as its environment."""
RUNTIME = "17.3.x-scala2.13"
"""The runtime unless somebody says otherwise: the newest with long-term support that we know."""
CLUSTER = "flow"
SCRIPT = "run_command.py"
REQUIREMENTS, WHEELS = "requirements.txt", "dist"
SYNCED = ("environments", "ml/models", "pipelines/src")
"""What commands read of a checkout."""
SECONDS_IN_A_MINUTE = 60
RETRY_MILLISECONDS = 300_000
HEADER = "# Rendered by `modelyard schedule render --to databricks`: an edit here is lost.\n"
SCRIPT_TEXT = '''
"""Runs one command of Modelyard as a task. Rendered by `modelyard schedule render`: an edit here is lost."""

import os
import subprocess
import sys

# A process of its own: an end with exit code 0 is no exception in the task, and another code is its failure.
command = [sys.executable, "-c", "from modelyard.cli.main import main; main()", *sys.argv[1:]]
surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
ended = subprocess.run(command, env=surroundings, check=False)
if ended.returncode:
    raise SystemExit(ended.returncode)
'''


@dataclass(frozen=True, slots=True)
class Places:
    """Where the bundle lies in the checkout."""

    root: Path
    """The checkout."""
    out: Path
    """The bundle's folder."""

    @property
    def synced(self) -> str:
        """The checkout in the workspace: Databricks copies everything below the first folder that holds it all."""
        return self._at(self.root)

    @property
    def requirements(self) -> str:
        """The locked requirements, in the workspace."""
        return f"{self._at(self.out)}/{REQUIREMENTS}"

    def from_bundle(self, path: Path) -> str:
        """A path as the bundle's own file names it."""
        return PurePosixPath(os.path.relpath(path, self.out)).as_posix()

    def _at(self, path: Path) -> str:
        above = Path(os.path.commonpath([self.root, self.out]))
        inside = PurePosixPath(path.relative_to(above)).as_posix()
        return "${workspace.file_path}" if inside == "." else f"${{workspace.file_path}}/{inside}"


def place_of(parameter: str) -> str:
    """What Databricks puts a parameter's value in place of."""
    return f"{{{{job.parameters.{parameter}}}}}"


def bundle_files(
    flows: Sequence[Flow], environments: Sequence[Environment], *, root: Path, out: Path
) -> dict[str, str]:
    """The files of the bundle, by their paths in it.

    Args:
        flows: written out, with `TARGET` as environment and `place_of` each parameter.
        environments: those that may become a target; one without a workspace becomes none.
        root: the checkout.
        out: the folder that the bundle will lie in.

    Raises:
        InvalidSettingsError: no environment has a workspace.
    """
    places = Places(root.resolve(), out.resolve())
    having = [one for one in environments if one.azure is not None and one.azure.databricks.enabled]
    if not having:
        raise InvalidSettingsError(
            f"none of the environments {', '.join(one.name for one in environments) or '(none)'} has a workspace",
            hint="set azure.databricks.enabled: true in one of environments/*.yaml",
        )
    files = {f"resources/{flow.name}.yml": _yaml({"resources": {"jobs": _job(flow, places)}}) for flow in flows}
    return {"databricks.yml": _yaml(_bundle(flows, having, places)), SCRIPT: SCRIPT_TEXT.lstrip(), **files}


def job_key(flow: Flow) -> str:
    """The name of a flow's job in the bundle."""
    return f"{NAME}_{flow.name.replace('-', '_')}"


def _bundle(flows: Sequence[Flow], environments: Sequence[Environment], places: Places) -> dict[str, Any]:
    return {
        "bundle": {"name": NAME},
        "include": ["resources/*.yml"],
        "sync": {"paths": [".", *(places.from_bundle(places.root / folder) for folder in SYNCED)]},
        "artifacts": {"packages": _packages(places)},
        "variables": _variables(),
        "targets": {one.name: _target(flows, one, places) for one in environments},
    }


def _packages(places: Places) -> dict[str, Any]:
    """The wheels of the checkout, and what the lock says that they need. Both are made in the checkout's folder."""
    out = PurePosixPath(os.path.relpath(places.out, places.root))
    wheels = f"uv build --all-packages --wheel --clear --out-dir {out / WHEELS}"
    pins = f"uv export --locked --no-dev --no-emit-workspace --quiet --output-file {out / REQUIREMENTS}"
    return {"type": "whl", "path": places.from_bundle(places.root), "build": f"{wheels} && {pins}"}


def _variables() -> dict[str, Any]:
    return {
        "runtime": {"description": "The Databricks runtime of the clusters.", "default": RUNTIME},
        "runs_as": {"description": "Application id of the identity that the jobs run as; the stack names it."},
        "platform_team": {"description": "Name of the group that may change the jobs."},
        "data_scientists": {"description": "Name of the group that may look at them."},
        "cluster": {"description": "The cluster that a run starts and stops.", "type": "complex"},
    }


def _target(flows: Sequence[Flow], environment: Environment, places: Places) -> dict[str, Any]:
    if environment.azure is None:
        raise ValueError(f"environment {environment.name} is not in Azure")
    contacts = environment.azure.observability.alert_contacts
    jobs = {
        job_key(flow): {"email_notifications": {"on_failure": list(contacts)}, **_timetable(flow, environment)}
        for flow in flows
    }
    home = "/Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}/${bundle.target}"
    return {
        "mode": "production",
        "workspace": {"root_path": home},
        "run_as": {"service_principal_name": "${var.runs_as}"},
        "permissions": [
            {"level": "CAN_MANAGE", "group_name": "${var.platform_team}"},
            {"level": "CAN_VIEW", "group_name": "${var.data_scientists}"},
        ],
        "variables": {"cluster": _cluster(environment, environment.azure.databricks, places)},
        "resources": {"jobs": jobs},
    }


def _timetable(flow: Flow, environment: Environment) -> dict[str, Any]:
    """Paused where another scheduler starts the environment's flows: nothing is to run twice."""
    cron = None if flow.parameters else environment.schedules.timetable(flow.name)
    if cron is None:
        return {}
    status = "UNPAUSED" if environment.schedules.runner == RUNNER else "PAUSED"
    return {"schedule": {"quartz_cron_expression": quartz(cron), "timezone_id": "UTC", "pause_status": status}}


def _cluster(environment: Environment, databricks: Databricks, places: Places) -> dict[str, Any]:
    workers: dict[str, Any] = {"autoscale": _autoscale(databricks)}
    if not databricks.max_workers:
        workers = {"is_single_node": True, "kind": "CLASSIC_PREVIEW"}
    return {
        "spark_version": "${var.runtime}",
        "node_type_id": databricks.node_size,
        "data_security_mode": "SINGLE_USER",
        **workers,
        "custom_tags": {"project": environment.project, "environment": environment.name},
        "spark_env_vars": {
            "MODELYARD_ROOT": places.synced,
            "MODELYARD_STATE": "/local_disk0/modelyard",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "1",
            "GX_ANALYTICS_ENABLED": "False",
        },
    }


def _autoscale(databricks: Databricks) -> dict[str, int]:
    """A cluster with workers has one at least."""
    return {"min_workers": max(1, databricks.min_workers), "max_workers": databricks.max_workers}


def _job(flow: Flow, places: Places) -> dict[str, Any]:
    job: dict[str, Any] = {
        "name": f"{NAME} {TARGET} {flow.name}",
        "description": flow.title,
        "max_concurrent_runs": 1,
        "queue": {"enabled": True},
        "tags": {"flow": flow.name},
        "job_clusters": [{"job_cluster_key": CLUSTER, "new_cluster": "${var.cluster}"}],
        "tasks": [_task(task, places) for task in flow.order()],
    }
    if flow.parameters:
        job["parameters"] = [{"name": name, "default": ""} for name in flow.parameters]
    return {job_key(flow): job}


def _task(task: Task, places: Places) -> dict[str, Any]:
    needs = {"depends_on": [{"task_key": need} for need in task.needs]} if task.needs else {}
    tries: dict[str, Any] = {"max_retries": task.retries}
    if task.retries:
        tries["min_retry_interval_millis"] = RETRY_MILLISECONDS
    return {
        "task_key": task.name,
        "description": task.title,
        **needs,
        "job_cluster_key": CLUSTER,
        "spark_python_task": {"python_file": f"../{SCRIPT}", "parameters": list(task.command[1:])},
        "libraries": [{"whl": f"../{WHEELS}/*.whl"}, {"requirements": places.requirements}],
        "timeout_seconds": task.timeout_minutes * SECONDS_IN_A_MINUTE,
        **tries,
    }


def _yaml(document: Mapping[str, Any]) -> str:
    return HEADER + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)
