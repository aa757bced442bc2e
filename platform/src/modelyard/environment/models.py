"""The typed environment: what environments/*.yaml may say.

There are no default values here. base.yaml says what environments have in common, so that the files are the one
place where an amount is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, model_validator

from modelyard.environment.access_settings import access_problems
from modelyard.environment.azure_names import NameParts, illegal_names, name_of, why_refused
from modelyard.environment.azure_regions import REGIONS
from modelyard.environment.azure_settings import Azure
from modelyard.environment.release_settings import Release, release_problems
from modelyard.environment.schedule_settings import Schedules, schedule_problems
from modelyard.environment.sections import Gates, Lake, Local, Notification, Promotion, Serving, Tracking
from modelyard.environment.settings import Problem, Section, is_example, refuse

PRODUCTION = "prod"


class Environment(Section):
    """One environment: local, dev, test or prod."""

    name: Literal["local", "dev", "test", "prod"]
    """The environment's name; the file is called the same."""
    kind: Literal["local", "azure"]
    """Where it runs: on this machine, or in Azure."""
    project: str = Field(pattern=r"^[a-z][a-z0-9-]{1,31}$")
    """Name of the project: part of the Pulumi stack's name and of every notification."""
    lake: Lake
    """The data lake."""
    tracking: Tracking
    """The MLflow server."""
    serving: Serving
    """The model API."""
    release: Release
    """How what is served is signed and built into images."""
    gates: Gates
    """The data gates."""
    promotion: Promotion
    """How a model gets to production."""
    notification: Notification
    """Who is told."""
    schedules: Schedules
    """What runs by itself."""
    local: Local | None = None
    """Only where kind is local."""
    azure: Azure | None = None
    """Only where kind is azure; null otherwise."""

    @model_validator(mode="after")
    def _holds_together(self) -> Environment:
        refuse([*_kind_problems(self), *_name_problems(self), *_secret_problems(self), *_production_problems(self)])
        refuse(access_problems(self.serving.access, kind=self.kind))
        refuse(release_problems(self.release, kind=self.kind, production=self.name == PRODUCTION))
        spark = self.azure is not None and self.azure.databricks.enabled
        refuse(schedule_problems(self.schedules, kind=self.kind, spark=spark))
        return self

    @property
    def name_parts(self) -> NameParts:
        """What the names of this environment's Azure resources are made of.

        Raises:
            ValueError: the environment is not in Azure.
        """
        if self.azure is None:
            raise ValueError(f"environment {self.name} is not in Azure, so it has no Azure names")
        azure = self.azure
        return NameParts(azure.naming_prefix, self.name, REGIONS[azure.location].code, azure.subscription_id)

    def azure_name(self, kind: str, purpose: str = "") -> str:
        """The name of this environment's resource of a kind that `azure_names.NAME_RULES` lists."""
        return name_of(kind, self.name_parts, purpose)

    def example_values(self) -> list[str]:
        """Paths of settings that still hold an example and must be replaced before anything is provisioned."""
        return sorted(_examples(self.model_dump(), ""))


def _examples(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _examples(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, tuple):
        for place, part in enumerate(value):
            yield from _examples(part, f"{path}.{place}")
    elif isinstance(value, str) and is_example(value):
        yield path


def _kind_problems(environment: Environment) -> Iterator[Problem]:
    is_local = environment.kind == "local"
    if is_local != (environment.name == "local"):
        yield Problem("kind", environment.kind, "local for the environment local, azure for every other")
    for section, wanted in (("local", is_local), ("azure", not is_local)):
        present = getattr(environment, section) is not None
        if wanted and not present:
            yield Problem(section, "nothing", f"the section {section}, because kind is {environment.kind}")
        if present and not wanted:
            yield Problem(section, "a section", f"null or nothing, because kind is {environment.kind}")


def _name_problems(environment: Environment) -> Iterator[Problem]:
    file_system = environment.lake.file_system
    if allowed := why_refused("file system", file_system):
        yield Problem("lake.file_system", file_system, allowed)
    if environment.azure is not None and environment.azure.location in REGIONS:
        for kind, name, allowed in illegal_names(environment.name_parts):
            found = f"{environment.azure.naming_prefix}, which makes {name} ({len(name)} characters)"
            yield Problem("azure.naming_prefix", found, f"one that makes a legal {kind} name, {allowed}")


def _secret_problems(environment: Environment) -> Iterator[Problem]:
    """A secret's name follows the rules of where it is kept: Key Vault takes no _, a shell no -."""
    misfit, allowed = {
        "local": ("-", "the name of an environment variable: letters, digits and _"),
        "azure": ("_", "the name of a Key Vault secret: letters, digits and -"),
    }[environment.kind]
    told = environment.notification
    for setting in ("teams_url_secret", "pipeline_url_secret", "pipeline_key_secret"):
        name = getattr(told, setting)
        if name and misfit in name:
            yield Problem(f"notification.{setting}", name, allowed)


def _production_problems(environment: Environment) -> Iterator[Problem]:
    azure = environment.azure
    if environment.name != PRODUCTION or azure is None:
        return
    if not azure.zone_redundant:
        yield Problem("azure.zone_redundant", "false", "true in prod")
    if azure.network.public_access:
        yield Problem("azure.network.public_access", "true", "false in prod")
    if not azure.key_vault.purge_protection:
        yield Problem("azure.key_vault.purge_protection", "false", "true in prod")
    if azure.lock == "none":
        yield Problem("azure.lock", "none", "cannot_delete or read_only in prod")
    if "infra" not in azure.approvals.required_for:
        found = ", ".join(azure.approvals.required_for) or "[]"
        yield Problem("azure.approvals.required_for", found, "a list with infra in prod")
