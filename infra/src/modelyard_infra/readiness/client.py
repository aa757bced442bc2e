"""What `modelyard doctor` asks Azure and Azure DevOps: facts, and the contract of whoever finds them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Protocol

Service = Literal["machines", "container apps", "postgres"]
"""Services with quotas of their own."""
Named = Literal["storage account", "key vault", "registry", "postgres server"]
"""Kinds of resources whose names nobody else in the world may have."""


class AzureRefusedError(Exception):
    """Azure answered no, or not at all. The message is one sentence for people."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who is signed in."""

    user: str
    """A person's address, or an application's id."""
    tenant_id: str
    """The tenant of the sign-in."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that the sign-in can see."""

    name: str
    """Its display name."""
    tenant_id: str
    """Its tenant."""
    state: str
    """Enabled, Disabled, Warned, PastDue or Deleted."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What one role of the sign-in lets it do; * stands for anything."""

    actions: tuple[str, ...] = ()
    """Actions on resources."""
    not_actions: tuple[str, ...] = ()
    """Actions that this role leaves out."""
    data_actions: tuple[str, ...] = ()
    """Actions on data."""
    not_data_actions: tuple[str, ...] = ()
    """Actions on data that this role leaves out."""


def allows(permissions: tuple[Permission, ...], action: str) -> bool:
    """Whether any role lets one do this to a resource. One role's exception takes nothing from another role."""
    return any(_fits(one.actions, action) and not _fits(one.not_actions, action) for one in permissions)


def allows_data(permissions: tuple[Permission, ...], action: str) -> bool:
    """Whether any role lets one do this to data."""
    return any(_fits(one.data_actions, action) and not _fits(one.not_data_actions, action) for one in permissions)


def _fits(patterns: tuple[str, ...], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class MachineSize:
    """A size of virtual machine in one region."""

    family: str
    """Whose quota it counts against."""
    cpus: int
    """vCPUs."""
    zones: frozenset[str]
    """Zones in which this subscription gets it."""
    restricted: str = ""
    """Why this subscription does not get it in this region; empty when it does."""


@dataclass(frozen=True, slots=True)
class PostgresSize:
    """A size of PostgreSQL flexible server in one region."""

    cpus: int
    """vCores."""
    zone_redundant: bool
    """Whether a second server may stand by in another zone."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of something a subscription may have in a region."""

    used: int
    """What it has."""
    limit: int
    """What it may have."""

    @property
    def left(self) -> int:
        """What it may still take."""
        return self.limit - self.used


@dataclass(frozen=True, slots=True)
class AgentPool:
    """Agents of Azure Pipelines."""

    hosted: bool
    """Whether they are Microsoft's own."""
    online: int
    """How many of our own agents are online."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A service connection of Azure DevOps."""

    scheme: str
    """How it signs in: WorkloadIdentityFederation is what needs no secret."""
    issuer: str
    """Who issues its tokens."""
    subject: str
    """Whom its tokens name."""
    subscription_id: str
    """The subscription that it is for."""


class AzureClient(Protocol):
    """Finds out facts and changes nothing. Every method may raise `AzureRefusedError`."""

    def cli_version(self) -> str:
        """Version of the Azure CLI; empty where there is none."""
        ...

    def signed_in(self) -> SignIn | None:
        """Who is signed in; None for nobody."""
        ...

    def subscription(self, subscription: str) -> Subscription | None:
        """The subscription; None if the sign-in cannot see it."""
        ...

    def permissions(self, scope: str) -> tuple[Permission, ...]:
        """What the sign-in may do at a scope."""
        ...

    def registered(self, subscription: str) -> frozenset[str]:
        """Resource providers that are registered, in lower case."""
        ...

    def zones(self, subscription: str) -> Mapping[str, bool]:
        """Regions that the subscription may use, and whether they have zones for it."""
        ...

    def allowed_locations(self, subscription: str) -> frozenset[str] | None:
        """Regions that the organisation's policy allows; None where no such policy is assigned."""
        ...

    def machine_sizes(self, subscription: str, location: str) -> Mapping[str, MachineSize]:
        """Sizes of virtual machines in a region."""
        ...

    def postgres_sizes(self, subscription: str, location: str) -> Mapping[str, PostgresSize]:
        """Sizes of PostgreSQL servers in a region; empty where the subscription gets none there."""
        ...

    def quotas(self, subscription: str, location: str, service: Service) -> Mapping[str, Quota]:
        """Quotas of a service in a region, by Azure's names in lower case."""
        ...

    def why_not_free(self, subscription: str, kind: Named, name: str) -> str:
        """Why nobody may take this name now; empty when it is free."""
        ...

    def deleted_vaults(self, subscription: str) -> frozenset[str]:
        """Names of vaults that were deleted and keep their names for a while."""
        ...

    def resources(self, subscription: str, group: str) -> frozenset[str]:
        """Ids, in lower case, of what is in a resource group; empty where there is no such group."""
        ...

    def exists(self, resource_id: str) -> bool:
        """Whether there is a blob container or a key of this id."""
        ...

    def trusted(self, identity_id: str) -> frozenset[tuple[str, str]]:
        """Issuer and subject of every token that an identity trusts; empty where there is no such identity."""
        ...

    def organisation_id(self, organisation: str) -> str:
        """Id of an Azure DevOps organisation."""
        ...

    def agent_pool(self, organisation: str, name: str) -> AgentPool | None:
        """A pool of agents; None where there is none of this name."""
        ...

    def connection(self, organisation: str, project: str, name: str) -> Connection | None:
        """A service connection; None where there is none of this name."""
        ...
