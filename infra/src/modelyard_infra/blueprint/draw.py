"""Draws the blueprint of an environment on this machine: its folders, its services, its connections."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from modelyard.environment.access_settings import DOCUMENT, access_folder
from modelyard.environment.models import Environment
from modelyard.environment.release_settings import trusted_keys_in
from modelyard.environment.sections import Ports
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError
from modelyard_infra.blueprint.local import PORT_PLACEHOLDER, ConnectionsPlan, FolderPlan, LocalBlueprint, ServicePlan

LAKE_FOLDERS = ("source", "RAW", "CLEAN", "CURATED", "quarantine", "batches", "ledger")
TRACKING = "mlflow"
MODEL_API = "model-api"
MODEL_API_START_SECONDS = 60
STOP_MARGIN_SECONDS = 5
"""Added to the time that a service may take to finish what it has begun."""

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}
"""No telemetry leaves this machine, and a log file shows what happened at once."""


def draw_local(environment: Environment, workspace: Workspace) -> LocalBlueprint:
    """The blueprint of an environment whose kind is local.

    Raises:
        ConfigurationError: the environment is not one on this machine.
    """
    if environment.local is None:
        raise ConfigurationError(
            f"environment {environment.name} is of kind {environment.kind}; only kind local can be rendered so far",
            hint="modelyard infra up local",
        )
    home = workspace.of(environment.name)
    data = home / "data"
    lake = data / "lake" / environment.lake.file_system
    return LocalBlueprint(
        environment=environment.name,
        home=home,
        run=home / "run",
        logs=home / "logs",
        folders=_folders(data, lake),
        services=(
            _tracking(environment, home, ports=environment.local.ports),
            _model_api(environment, workspace, ports=environment.local.ports),
        ),
        connections=ConnectionsPlan(
            environment=environment.name,
            lake=lake,
            deployments=data / "deployments",
            bundles=data / "bundles",
            outbox=data / "outbox.jsonl",
            tracking=TRACKING,
            model_api=MODEL_API,
            teams_url_secret=environment.notification.teams_url_secret,
        ),
    )


def interpreter() -> str:
    """This environment's Python, spelt the same however it was started: `python` and `python3` are one program, and
    a service must not restart because another command drew the blueprint."""
    python = Path(sys.prefix, "bin", "python")
    return str(python) if python.exists() else sys.executable


def _folders(data: Path, lake: Path) -> tuple[FolderPlan, ...]:
    parts = tuple(FolderPlan(f"lake-{name.lower()}", lake / name) for name in LAKE_FOLDERS)
    others = ("mlflow/artifacts", "bundles", "deployments")
    return parts + tuple(FolderPlan(name.replace("/", "-"), data / name) for name in others)


def _tracking(environment: Environment, home: Path, *, ports: Ports) -> ServicePlan:
    mlflow = home / "data" / "mlflow"
    return ServicePlan(
        name=TRACKING,
        command=(
            *(interpreter(), "-m", "modelyard_infra.local.tracking"),
            *("--database", str(mlflow / "mlflow.db"), "--artifacts", str(mlflow / "artifacts")),
            *("--host", "127.0.0.1", "--port", PORT_PLACEHOLDER, "--workers", str(environment.tracking.workers)),
        ),
        port=ports.tracking,
        port_setting=f"local.ports.tracking in environments/{environment.name}.yaml",
        health="/health",
        log=home / "logs" / f"{TRACKING}.log",
        folder=mlflow,
        environment=QUIET,
        start_seconds=environment.tracking.start_seconds,
    )


def _trusted(environment: Environment, home: Path) -> tuple[str, ...]:
    """The keys that the model API trusts; it serves unsigned bundles only where the environment says so."""
    if environment.release.signing == "none":
        return ()
    return "--trusted-keys", str(trusted_keys_in(home))


def _access(environment: Environment, workspace: Workspace) -> tuple[str, ...]:
    """The document that says who may ask. It is written before the services start."""
    if environment.serving.access.mode == "off":
        return ()
    return "--access", str(access_folder(workspace, environment.name) / DOCUMENT)


def _model_api(environment: Environment, workspace: Workspace, *, ports: Ports) -> ServicePlan:
    home = workspace.of(environment.name)
    data = home / "data"
    serving = environment.serving
    return ServicePlan(
        name=MODEL_API,
        command=(
            *(interpreter(), "-m", "modelyard_serving", "--host", "127.0.0.1", "--port", PORT_PLACEHOLDER),
            *("--deployments", str(data / "deployments"), "--bundles", str(data / "bundles")),
            *("--max-rows", str(serving.max_rows), "--max-body-bytes", str(serving.max_body_bytes)),
            *("--drain-seconds", f"{serving.drain_seconds:g}", "--workers", str(serving.workers)),
            *_trusted(environment, home),
            *_access(environment, workspace),
        ),
        port=ports.model_api,
        port_setting=f"local.ports.model_api in environments/{environment.name}.yaml",
        health="/v2/health/live",
        log=home / "logs" / f"{MODEL_API}.log",
        folder=data,
        environment=QUIET,
        start_seconds=MODEL_API_START_SECONDS,
        stop_seconds=math.ceil(serving.drain_seconds) + STOP_MARGIN_SECONDS,
    )
