"""What every look shares: the environment, what its graph needs, whom to ask, and how a finding is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from modelyard.environment.azure_settings import Azure
from modelyard.environment.models import Environment
from modelyard.environment.readiness import Check
from modelyard_infra.bootstrap.state import StateHome, state_home
from modelyard_infra.readiness.client import AzureClient

Blocking = Literal["missing", "note"]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an environment."""

    client: AzureClient
    """Whom to ask."""
    environment: Environment
    """What is to be provisioned."""
    azure: Azure
    """Its settings in Azure."""
    home: StateHome
    """Where its state lives."""
    types: frozenset[str]
    """ARM types of the resources in its graph: Microsoft.Storage/storageAccounts."""

    @property
    def subscription(self) -> str:
        """The subscription's id."""
        return self.azure.subscription_id

    @property
    def scope(self) -> str:
        """The subscription as a scope."""
        return f"/subscriptions/{self.azure.subscription_id}"

    @property
    def by_pipeline(self) -> bool:
        """Whether changes wait for approval, so that the pipeline provisions and people only look."""
        return "infra" in self.azure.approvals.required_for

    @property
    def file(self) -> str:
        """The environment's file, as a person would open it."""
        return f"environments/{self.environment.name}.yaml"


def look_of(environment: Environment, client: AzureClient, types: Iterable[str]) -> Look:
    """A look at an environment in Azure.

    Raises:
        ConfigurationError: the environment is on this machine.
    """
    home = state_home(environment)
    if environment.azure is None:
        raise ValueError(f"environment {environment.name} is not in Azure")
    return Look(client, environment, environment.azure, home, frozenset(types))


def checked(name: str, good: object, *, found: str, needed: str, remedy: str, otherwise: Blocking = "missing") -> Check:
    """A finding: ok, or what to do."""
    return Check(name, "ok" if good else otherwise, found, needed, "" if good else remedy)


def listed(names: Iterable[str]) -> str:
    """Names for people."""
    return ", ".join(sorted(names)) or "none"
