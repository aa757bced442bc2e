"""A platform on an empty folder: real tables and gates, a registry in memory, no stack and no services."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from modelyard.composition import Platform
from modelyard.environment.connections import Connections
from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.lake.batches import BatchLog
from modelyard.lake.engine import Engine
from modelyard.lake.engines.embedded import EmbeddedEngine
from modelyard.lake.quarantine import Quarantine
from modelyard.notify.outbox import OutboxNotifier
from modelyard.testing.registry_fakes import InMemoryRegistry


def bare_platform(root: Path, state: Path, *, engine: Callable[[Engine], Engine] = lambda real: real) -> Platform:
    """The environment `local` of the project at `root`, with everything it keeps below `state`.

    Args:
        root: A checkout, or a folder with environments/ and ml/models/ like one.
        state: A folder of the test's own; several processes may open it.
        engine: Wraps the embedded engine, in one that fails on purpose for instance.
    """
    data = state / "local" / "data"
    lake = data / "lake"
    lake.mkdir(parents=True, exist_ok=True)
    registry = InMemoryRegistry(lake / "ledger")
    return Platform(
        workspace=Workspace(root=root, state=state),
        environment=load_environment(Workspace(root=root, state=state), "local"),
        connections=Connections(
            environment="local",
            lake=str(lake),
            tracking="http://127.0.0.1:9",
            deployments=str(data / "deployments"),
            bundles=str(data / "bundles"),
            model_api="http://127.0.0.1:9",
            outbox=str(data / "outbox.jsonl"),
        ),
        engine=engine(EmbeddedEngine(str(lake))),
        batches=BatchLog(lake / "batches"),
        quarantine=Quarantine(lake / "quarantine"),
        notifier=OutboxNotifier(data / "outbox.jsonl"),
        open_registry=lambda: registry,
    )
