"""What the service should have: the pipelines, and what the environment files say about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from modelyard.delivery.azure_devops.bootstrapping.uses import Entry
from modelyard.environment.azure_settings import Azure
from modelyard.environment.models import Environment
from modelyard.errors import ConfigurationError

PROVISIONING = "-infra"
"""Ends the name of the service connection, and of the environment, that infrastructure goes through."""
PROMOTION = "promotion"
"""The environment in which a person decides about a model."""
IDENTITY = "pipelines"
"""Purpose of the identity that data, models and releases are handled with."""
TEMPLATE = "pipelines/azure/governed.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who has to agree."""

    approvers: tuple[str, ...]
    """Mail addresses."""
    minimum: int
    """How many of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One environment in Azure."""

    name: str
    tenant: str
    subscription: str
    connection: str
    """For data, models and releases."""
    connection_id: str
    """Its id as the environment's file says it; the federated credential carries it."""
    identity: str
    """The identity that it signs in as."""
    group: str
    """The identity's resource group."""
    pool: str
    vault: str
    secrets: tuple[str, ...]
    """Names of the secrets that pipelines may read."""
    approvals: dict[str, Approval]
    """By step: infra, promotion, release. Only those that wait for a person."""

    @property
    def provisioning(self) -> str:
        """The service connection that `modelyard infra bootstrap` makes."""
        return self.connection + PROVISIONING


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Everything that one project should have."""

    organisation: str
    """Its name at dev.azure.com, or an address."""
    organisation_id: str
    project: str
    repository: str
    branch: str
    """The one branch that reaches Azure, as refs/heads/…"""
    reviewers: int
    """Who must agree to a pull request."""
    template: str
    targets: tuple[Target, ...]
    entries: tuple[Entry, ...]

    @property
    def environments(self) -> tuple[str, ...]:
        """Every environment that a pipeline names."""
        return tuple(sorted({name for entry in self.entries for name in entry.environments}))

    def approval_of(self, environment: str) -> Approval | None:
        """Who has to agree before a job of this environment begins."""
        step = "infra" if environment.endswith(PROVISIONING) else "release"
        if environment == PROMOTION:
            asked = [one.approvals["promotion"] for one in self.targets if "promotion" in one.approvals]
            return _strictest(asked)
        named = environment.removesuffix(PROVISIONING)
        return next((one.approvals.get(step) for one in self.targets if one.name == named), None)


def target_of(environment: Environment) -> Target | None:
    """An environment as Azure Pipelines sees it; nothing for one on this machine."""
    azure = environment.azure
    if azure is None:
        return None
    secret = environment.notification.teams_url_secret
    return Target(
        name=environment.name,
        tenant=azure.tenant_id,
        subscription=azure.subscription_id,
        connection=azure.pipelines.service_connection,
        connection_id=azure.pipelines.service_connection_id,
        identity=environment.azure_name("identity", IDENTITY),
        group=environment.azure_name("resource group"),
        pool=azure.pipelines.agent_pool,
        vault=environment.azure_name("key vault"),
        secrets=(secret,) if secret else (),
        approvals=dict(_approvals(azure)),
    )


def checked_home(environments: Iterable[Environment], *, organisation: str, project: str) -> str:
    """The organisation's id, after every environment's file was found to mean this organisation and project.

    Raises:
        ConfigurationError: a file names another one; its federated credential would trust the wrong pipelines.
    """
    ids = set()
    for environment in environments:
        if environment.azure is None:
            continue
        said = environment.azure.pipelines
        ids.add(said.organisation_id)
        wrong = [
            f"azure.pipelines.{key} is {found}, not {wanted}"
            for key, found, wanted in (
                ("organisation", said.organisation, _name(organisation)),
                ("project", said.project, project),
            )
            if found.lower() != wanted.lower()
        ]
        if wrong:
            raise ConfigurationError(
                f"environment {environment.name}: {'; '.join(wrong)}",
                hint="correct environments/base.yaml, or the options --organization and --project",
            )
    if len(ids) != 1:
        raise ConfigurationError(
            f"the environments in Azure name {len(ids)} organisations by azure.pipelines.organisation_id, not one",
            hint="put organisation_id into environments/base.yaml, once",
        )
    return str(ids.pop())


def _name(organisation: str) -> str:
    return organisation.rstrip("/").rpartition("/")[2]


def _approvals(azure: Azure) -> Iterator[tuple[str, Approval]]:
    asked = azure.approvals
    for step in asked.required_for:
        yield step, Approval(approvers=asked.approvers, minimum=max(asked.minimum, 1))


def _strictest(asked: list[Approval]) -> Approval | None:
    """The most people that any environment asks for, out of everybody whom one of them names."""
    if not asked:
        return None
    everybody = tuple(dict.fromkeys(who for one in asked for who in one.approvers))
    return Approval(approvers=everybody, minimum=max(one.minimum for one in asked))
