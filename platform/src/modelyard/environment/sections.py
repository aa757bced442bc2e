"""The sections that every environment has, wherever it runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from modelyard.environment.access_settings import Access
from modelyard.environment.rollout_settings import Rollout
from modelyard.environment.settings import Problem, SecretName, Section, refuse

Port = Annotated[int, Field(ge=1024, le=65535)] | Literal["auto"]


class Lake(Section):
    """The data lake."""

    file_system: str = Field(pattern=r"^[a-z0-9](-?[a-z0-9]){2,62}$", max_length=63)
    """The file system (in Azure: the container) that holds the layers. 3-63 lower-case letters, digits, hyphens."""


class Tracking(Section):
    """The MLflow server."""

    workers: int = Field(ge=1, le=16)
    """Processes that answer requests."""
    start_seconds: int = Field(ge=5, le=600)
    """How long the server may take to become healthy."""


class Serving(Section):
    """The model API."""

    latency_budget_ms: float = Field(gt=0, le=60_000)
    """A release is refused when the 95th percentile of one prediction takes longer. Milliseconds."""
    drain_seconds: float = Field(ge=0, le=600)
    """How long a replaced version may finish what it has begun."""
    max_rows: int = Field(ge=1, le=1_000_000)
    """Rows in one request."""
    max_body_bytes: int = Field(ge=1_024, le=1_073_741_824)
    """Size of one request's body."""
    workers: int = Field(ge=1, le=64)
    """Processes that answer; they share the memory of the models."""
    access: Access
    """Who may ask."""
    rollout: Rollout
    """What a candidate is held to while it is tried."""


class Gates(Section):
    """The data gates."""

    rules_engine: Literal["compiled", "great_expectations"]
    """What runs a contract's rules: our compiled expressions, or Great Expectations itself. Both judge alike."""
    false_alarm_rate: float = Field(gt=0, lt=0.5)
    """How often a good batch may be refused by the significance gate, over all its columns together."""


class Promotion(Section):
    """How a model gets to production."""

    automation: Literal["manual", "assisted", "automatic"]
    """manual: a person decides and says why. assisted: the comparison proposes, a person confirms.
    automatic: a clear winner is promoted without a person."""
    confidence: float = Field(gt=0.5, lt=1)
    """Confidence of the interval around the difference between staging and production."""
    rule: Literal["paired", "unpaired_90"]
    """paired: both versions on the same resampled rows, right in `confidence` of the cases.
    unpaired_90: the candidate wins on at least 90% of resamples drawn apart; it misses most real gains."""
    resamples: int = Field(ge=100, le=100_000)
    """Resamples of the paired bootstrap."""


class Notification(Section):
    """Who is told."""

    teams_url_secret: SecretName | None
    """Name of the secret that holds the Teams Workflows URL; null where nobody is told through Teams."""
    pipeline_url_secret: SecretName | None = None
    """Name of the secret that holds the address of the webhook which starts the release of a promoted version; null
    where a promotion starts nothing."""
    pipeline_key_secret: SecretName | None = None
    """Name of the secret with which that message is signed; needed where there is an address."""

    @property
    def pipeline_secrets(self) -> tuple[str | None, str | None]:
        """Names of both secrets: address and key."""
        return self.pipeline_url_secret, self.pipeline_key_secret

    @model_validator(mode="after")
    def _signed(self) -> Notification:
        if self.pipeline_url_secret and not self.pipeline_key_secret:
            refuse([Problem("pipeline_key_secret", "null", "the name of a secret, since pipeline_url_secret is set")])
        return self


class Ports(Section):
    """Where the local services listen, on 127.0.0.1."""

    tracking: Port
    """The MLflow server: a port, or auto for a free one that is chosen once and kept."""
    model_api: Port
    """The model API: a port, or auto for a free one that is chosen once and kept."""

    @model_validator(mode="after")
    def _differ(self) -> Ports:
        if self.tracking == self.model_api and self.tracking != "auto":
            refuse([Problem("model_api", str(self.model_api), "a port that tracking does not use, or auto")])
        return self


class Local(Section):
    """What only an environment on one machine has."""

    ports: Ports
    """Ports on 127.0.0.1."""
