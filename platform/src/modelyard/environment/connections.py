"""Connections: what a stack hands to the platform, in the same type for every environment.

Infra exports one stack output named `connections`; the platform opens with it and never asks where it runs.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

STACK_OUTPUT = "connections"


class Connections(BaseModel):
    """Addresses of what an environment provides. Secrets are never among them, only names of secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str
    """local, dev, test or prod."""
    lake: str
    """Root of the lake's file system: a folder (local) or an abfss:// address (Azure)."""
    tracking: str
    """Address of the MLflow server, http(s)://."""
    deployments: str
    """Where the model host finds what is deployed: a folder (local) or an address."""
    bundles: str
    """Where released bundles are kept: a folder (local) or an address."""
    model_api: str
    """Address of the model API, http(s)://. In Azure each model has its own app: `{model}` stands for its name."""
    images: str | None = None
    """Login server of the container registry; none in local."""
    outbox: str | None = None
    """File that takes every notification, one JSON document a line; none where only Teams is told."""
    teams_url_secret: str | None = None
    """Name of the secret (in local: of the environment variable) that holds the Teams Workflows URL."""
