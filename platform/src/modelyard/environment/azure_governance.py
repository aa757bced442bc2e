"""Who owns, watches, pays for and may change an Azure environment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from modelyard.environment.settings import Email, Guid, Problem, Section, refuse

TagValue = Annotated[str, Field(min_length=1, max_length=256)]
TagName = Annotated[str, Field(pattern=r"^[^<>%&\\?/]{1,512}$")]


class Tags(Section):
    """Tags on every resource."""

    owner: TagValue
    """The team that is asked first."""
    cost_centre: TagValue
    """Who pays."""
    data_classification: Literal["public", "internal", "confidential", "restricted"]
    """The most sensitive data that the environment may hold."""
    more: dict[TagName, TagValue]
    """Further tags that the organisation wants. {} for none."""


class Groups(Section):
    """Entra groups (object ids) that get roles. Roles go to groups, never to people."""

    platform_team: Guid
    """Runs the environment."""
    data_scientists: Guid
    """Read the lake, train and stage."""
    auditors: Guid
    """Read everything, change nothing."""


class Pipelines(Section):
    """The Azure Pipelines project that deploys here, by a federated credential: there is no client secret."""

    organisation: str = Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9]){0,49}$")
    """Organisation at dev.azure.com."""
    organisation_id: Guid
    """Its id, which the credential's subject carries."""
    project: str = Field(min_length=1, max_length=64, pattern=r"^[^\\/:*?\"<>|;#$@,%&]+$")
    """Project in the organisation."""
    service_connection: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    """Service connection that signs in to the subscription."""
    service_connection_id: Guid
    """Its id, which the credential's subject carries; Azure DevOps shows it in the connection's address."""
    agent_pool: str = Field(min_length=1, max_length=64)
    """Agents that run the jobs; a private environment needs agents inside its network."""


class Observability(Section):
    """Logs, metrics and alerts."""

    log_retention_days: int = Field(ge=30, le=730)
    """How long Log Analytics keeps logs."""
    daily_cap_gb: float | None = Field(gt=0, le=4_000)
    """Log Analytics takes no more than this on one day; null for no cap."""
    alert_contacts: tuple[Email, ...] = Field(min_length=1, strict=False)
    """Who gets alerts by mail."""


class Budget(Section):
    """What the environment may cost in a month. Azure warns, it does not stop anything."""

    monthly_amount: int = Field(ge=1, le=10_000_000)
    """In the currency of the subscription's bills."""
    starts: date = Field(strict=False)
    """First day of the month in which the environment was first provisioned; Azure takes no earlier month."""
    warn_at_percent: tuple[Annotated[int, Field(ge=1, le=1_000)], ...] = Field(min_length=1, max_length=5, strict=False)
    """Shares of the amount at which a mail is sent; Azure takes five at most."""
    contacts: tuple[Email, ...] = Field(min_length=1, max_length=50, strict=False)
    """Who gets the mail."""

    @model_validator(mode="after")
    def _starts_with_a_month(self) -> Budget:
        if self.starts.day != 1:
            refuse([Problem("starts", self.starts.isoformat(), "the first day of a month")])
        return self


class Approvals(Section):
    """What a person must approve before the pipeline goes on."""

    required_for: tuple[Literal["infra", "promotion", "release"], ...] = Field(strict=False)
    """Steps that wait for a person. [] for none."""
    approvers: tuple[Email, ...] = Field(strict=False)
    """Who may approve."""
    minimum: int = Field(ge=0, le=10)
    """How many of them have to."""


Lock = Literal["none", "cannot_delete", "read_only"]
"""A lock on the resource group: cannot_delete keeps data from an accident, read_only also stops deployments."""
