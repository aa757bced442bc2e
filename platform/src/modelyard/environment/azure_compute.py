"""What computes in an Azure environment: images, container apps, jobs, MLflow, Databricks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from modelyard.environment.azure_rollouts import RevisionRollout, rollout_problems
from modelyard.environment.settings import Guid, Problem, Section, is_example, refuse

Image = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+([._/-][a-z0-9]+)*@sha256:[0-9a-f]{64}$",
        description="An image in the environment's own registry, named by its digest: repository@sha256:...",
    ),
]
ModelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]

MEMORY_PER_CPU = 2
"""Container Apps on the consumption profile give 2 GiB with each CPU, in steps of a quarter CPU, up to 4 CPU."""


class Registry(Section):
    """The container registry. Admin user and anonymous pull are always off."""

    sku: Literal["Basic", "Standard", "Premium"]
    """Premium is what has private endpoints, zones and retention."""
    untagged_retention_days: int = Field(ge=0, le=365)
    """How long an image without a tag is kept; 0 keeps it for ever. Premium only."""
    replicate_to: tuple[str, ...] = Field(strict=False)
    """Other regions that keep a copy of each image. Premium only."""

    @model_validator(mode="after")
    def _sku_can(self) -> Registry:
        if self.sku != "Premium" and self.untagged_retention_days:
            refuse([Problem("untagged_retention_days", str(self.untagged_retention_days), "0 below Premium")])
        if self.sku != "Premium" and self.replicate_to:
            refuse([Problem("replicate_to", ", ".join(self.replicate_to), "[] below Premium")])
        return self


class ContainerSize(Section):
    """CPU and memory of one container on the consumption profile."""

    cpu: float = Field(ge=0.25, le=4, multiple_of=0.25)
    """CPUs, in quarters."""
    memory_gb: float = Field(ge=0.5, le=8, multiple_of=0.5)
    """Memory: twice the CPUs."""

    @model_validator(mode="after")
    def _memory_fits(self) -> ContainerSize:
        if self.memory_gb != MEMORY_PER_CPU * self.cpu:
            refuse([Problem("memory_gb", f"{self.memory_gb:g}", f"{MEMORY_PER_CPU * self.cpu:g} for {self.cpu:g} CPU")])
        return self


class Scale(Section):
    """How many copies of the model API run."""

    min_replicas: int = Field(ge=0, le=300)
    """Copies that always run; 0 saves money and makes the first request after a pause slow."""
    max_replicas: int = Field(ge=1, le=300)
    """Copies at most."""
    concurrent_requests: int = Field(ge=1, le=1_000)
    """Requests at once that one copy answers before another is started."""

    @model_validator(mode="after")
    def _in_order(self) -> Scale:
        if self.max_replicas < self.min_replicas:
            refuse([Problem("max_replicas", str(self.max_replicas), f"{self.min_replicas} (min_replicas) or more")])
        return self


class Jobs(Section):
    """Container Apps jobs: ingest, train, release, on the embedded engine."""

    size: ContainerSize
    """Size of a job's container."""
    timeout_minutes: int = Field(ge=1, le=1_440)
    """A job that takes longer is stopped; every step can be run again."""
    retries: int = Field(ge=0, le=10)
    """How often a failed job is started again by itself."""


class ReleasedModel(Section):
    """One model that runs here: its newest released version, and what it is tried beside."""

    version: int = Field(ge=1)
    """The newest released version; its image is the one below."""
    image: Image
    """The model's image. The same digest goes through all environments."""
    rollout: RevisionRollout | None
    """How the newest version is tried beside an older one; null gives it everything."""

    @model_validator(mode="after")
    def _rollout_fits(self) -> ReleasedModel:
        refuse(rollout_problems(self.version, self.rollout))
        return self


class Images(Section):
    """Images of the platform itself. null until the first one has been pushed: what needs it is left out so long."""

    mlflow: Image | None
    """The MLflow server."""
    jobs: Image | None
    """The pipelines, for jobs on the embedded engine."""


class ContainerApps(Section):
    """Container Apps: the model API and the jobs."""

    images: Images
    """Images of the platform itself."""
    model_api: ContainerSize
    """Size of one copy of the model API."""
    scale: Scale
    """Copies of the model API."""
    models: dict[ModelName, ReleasedModel]
    """The released models, each an app of its own. {} before the first release."""
    jobs: Jobs
    """Jobs on the embedded engine."""

    @property
    def decided(self) -> frozenset[str]:
        """Models about which the file decides, so that nothing else may. An example image decides nothing."""
        return frozenset(name for name, model in self.models.items() if not is_example(model.image))


class Mlflow(Section):
    """The MLflow server's container. It runs once: MLflow's own guide allows no second copy."""

    size: ContainerSize
    """Size of the container; MLflow wants 1 CPU and 2 GB at least."""
    client_id: Guid
    """The Entra application that people sign in to MLflow with."""

    @model_validator(mode="after")
    def _large_enough(self) -> Mlflow:
        if self.size.cpu < 1:
            refuse([Problem("size.cpu", f"{self.size.cpu:g}", "1 or more")])
        return self


class Databricks(Section):
    """The Databricks workspace, for Spark."""

    enabled: bool
    """Whether there is one. The embedded engine needs none."""
    sku: Literal["standard", "premium"]
    """premium is what has roles and private endpoints."""
    node_size: str = Field(pattern=r"^Standard_[A-Z]+\d+[a-z]*(_v\d)?$")
    """Azure's name of the virtual machine."""
    min_workers: int = Field(ge=0, le=1_000)
    """Workers that run while a cluster is up; 0 is a cluster of one machine."""
    max_workers: int = Field(ge=0, le=1_000)
    """Workers at most."""
    stop_after_minutes: int = Field(ge=10, le=10_000)
    """An idle cluster is stopped."""

    @model_validator(mode="after")
    def _in_order(self) -> Databricks:
        refuse(_databricks_problems(self))
        return self


def _databricks_problems(databricks: Databricks) -> Iterator[Problem]:
    if databricks.max_workers < databricks.min_workers:
        yield Problem("max_workers", str(databricks.max_workers), f"{databricks.min_workers} (min_workers) or more")
    if databricks.enabled and databricks.sku != "premium":
        yield Problem("sku", databricks.sku, "premium: without it the workspace has no roles and no private endpoint")
