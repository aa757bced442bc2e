"""What an environment on this machine consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

PORT_PLACEHOLDER = "{port}"
"""Stands in a service's command for the port that it is given."""

PortRequest = int | Literal["auto"]


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """One folder that must exist."""

    name: str
    """Its name in the stack."""
    path: Path


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """One process that must run and answer."""

    name: str
    """Its name in the stack, of its log file and in messages."""
    command: tuple[str, ...]
    """Program and arguments; `{port}` becomes the port."""
    port: PortRequest
    """A port on 127.0.0.1, or auto: a free one, chosen once and kept."""
    health: str
    """Path that answers 200 as soon as the service works."""
    log: Path
    folder: Path
    """The folder that it runs in."""
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that it gets besides PATH, HOME and the like. Never a secret: they are kept in the stack's state."""
    port_setting: str = ""
    """Where the port is written, for messages."""
    start_seconds: int = 60
    """How long it may take until it is healthy."""
    stop_seconds: int = 10
    """How long it may take to stop before it is killed."""


@dataclass(frozen=True, slots=True)
class ConnectionsPlan:
    """The stack's connections, with names of services where their addresses belong."""

    environment: str
    lake: Path
    deployments: Path
    bundles: Path
    outbox: Path
    tracking: str
    """Name of the service."""
    model_api: str
    """Name of the service."""
    teams_url_secret: str | None


@dataclass(frozen=True, slots=True)
class LocalBlueprint:
    """An environment on this machine."""

    environment: str
    home: Path
    """The environment's state folder. Every process of it is marked with this path."""
    run: Path
    """What the supervisor keeps."""
    logs: Path
    folders: tuple[FolderPlan, ...]
    services: tuple[ServicePlan, ...]
    connections: ConnectionsPlan
