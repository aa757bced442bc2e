"""The composition root: the one place that picks adapters, and hands them out as a platform."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modelyard.environment.connections import Connections
from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.pseudonyms import pseudonym_key
from modelyard.environment.stack_outputs import read_connections
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError
from modelyard.gates.rules.engine import EngineName, RuleEngine
from modelyard.lake.batches import BatchLog
from modelyard.lake.engine import Engine
from modelyard.lake.engines.embedded import EmbeddedEngine
from modelyard.lake.quarantine import Quarantine
from modelyard.notify.notifier import Notifier
from modelyard.registry.registry import ModelRegistry


@dataclass(frozen=True, slots=True)
class Platform:
    """One environment, opened: its settings, its addresses, and the adapters that reach them."""

    workspace: Workspace
    environment: Environment
    connections: Connections
    engine: Engine
    batches: BatchLog
    quarantine: Quarantine
    notifier: Notifier
    open_registry: Callable[[], ModelRegistry]
    """Called where a registry is needed: most commands need none, and MLflow takes its time to load."""

    @property
    def lake(self) -> Path:
        """The root of the lake's file system."""
        return Path(self.connections.lake)

    @property
    def locks(self) -> Path:
        """Where writers of this environment keep each other out."""
        return self.workspace.of(self.environment.name) / "locks"

    @property
    def cache(self) -> Path:
        """Where copies of what can be had again are kept."""
        return self.workspace.state / "cache"

    @property
    def pseudonym_key(self) -> str:
        """The key with which personal values are hashed; a secret."""
        return pseudonym_key(self.lake.parent)

    def rules(self) -> RuleEngine:
        """The engine that judges a contract's rules, as the environment wishes."""
        return rule_engine(self.environment.gates.rules_engine)

    def registry(self) -> ModelRegistry:
        """The model registry, and the ledger that stands behind it."""
        return self.open_registry()


def open_platform(environment_name: str, workspace: Workspace | None = None) -> Platform:
    """Opens an environment that has been provisioned.

    Raises:
        ConfigurationError: the environment's files are wrong, its stack was never brought up, or its lake is in no
            folder of this machine.
    """
    place = workspace or Workspace.find()
    environment = load_environment(place, environment_name)
    connections = read_connections(place, environment_name)
    _refuse_addresses(connections)
    lake = Path(connections.lake)
    return Platform(
        workspace=place,
        environment=environment,
        connections=connections,
        engine=EmbeddedEngine(connections.lake),
        batches=BatchLog(lake / "batches"),
        quarantine=Quarantine(lake / "quarantine"),
        notifier=notifier_of(connections, environment),
        open_registry=lambda: _registry(connections.tracking, lake / "ledger"),
    )


def _refuse_addresses(connections: Connections) -> None:
    """An address would be taken for the name of a folder, and a second ledger begun in it."""
    for what, place in (("lake", connections.lake), ("bundles", connections.bundles)):
        if "://" in place:
            raise ConfigurationError(
                f"environment {connections.environment} has its {what} at {place}; the ledger, the batch log and the "
                "bundles are files, and from here they are reached in folders only",
                hint="modelyard infra up local, then the same command with --env local",
            )


def rule_engine(name: EngineName) -> RuleEngine:
    """The engine that judges rules: one Polars query for all of them, or the library that they are written for."""
    if name == "great_expectations":
        from modelyard.gates.rules.great_expectations import GreatExpectationsEngine

        return GreatExpectationsEngine()
    from modelyard.gates.rules.compiled import CompiledEngine

    return CompiledEngine()


def notifier_of(connections: Connections, environment: Environment) -> Notifier:
    """Everybody who is told: the outbox file, Teams and the release pipeline where their addresses are set."""
    from modelyard.notify.every import EveryNotifier
    from modelyard.notify.outbox import OutboxNotifier

    told: list[Notifier] = []
    if connections.outbox:
        told.append(OutboxNotifier(Path(connections.outbox)))
    url = os.environ.get(connections.teams_url_secret or "")
    if url:
        from modelyard.notify.teams import TeamsNotifier

        told.append(_once(TeamsNotifier(url), connections, ".teams"))
    webhook, key = (os.environ.get(name or "") for name in environment.notification.pipeline_secrets)
    if webhook and key:
        from modelyard.notify.pipeline import PipelineNotifier

        told.append(_once(PipelineNotifier(webhook, key), connections, ".pipeline"))
    return EveryNotifier(told)


def _once(notifier: Notifier, connections: Connections, suffix: str) -> Notifier:
    """What was told is remembered beside the outbox; where there is none, better twice than never."""
    from modelyard.notify.once import OnceNotifier

    return OnceNotifier(notifier, Path(connections.outbox).with_suffix(suffix)) if connections.outbox else notifier


def _registry(tracking: str, ledger: Path) -> ModelRegistry:
    from modelyard.registry.mlflow_registry import MlflowRegistry

    return MlflowRegistry(tracking, ledger)
