"""A simulated subscription and a simulated Azure DevOps, for rehearsals and tests: facts, and a client that tells them.

`ready_for` gives facts in which an environment lacks nothing; `dataclasses.replace` takes something away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from modelyard.environment.azure_network import Network
from modelyard.environment.azure_regions import REGIONS
from modelyard.environment.models import Environment
from modelyard_infra.bootstrap.plan import infra_connection
from modelyard_infra.bootstrap.state import state_home
from modelyard_infra.readiness.client import (
    AgentPool,
    AzureRefusedError,
    Connection,
    MachineSize,
    Named,
    Permission,
    PostgresSize,
    Quota,
    Service,
    SignIn,
    Subscription,
)
from modelyard_infra.readiness.pipelines import FEDERATED

OWNER = Permission(actions=("*",))
STATE_USER = Permission(
    data_actions=(
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*",
        "Microsoft.KeyVault/vaults/keys/*",
    )
)
PLENTY = Quota(0, 100)


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is. Names of fields are those of `AzureClient`'s methods."""

    cli_version: str
    signed_in: SignIn | None
    subscriptions: Mapping[str, Subscription]
    permissions: Mapping[str, tuple[Permission, ...]]
    """By scope; what holds at a scope holds below it too."""
    registered: frozenset[str]
    zones: Mapping[str, bool]
    allowed_locations: frozenset[str] | None
    machine_sizes: Mapping[str, MachineSize]
    postgres_sizes: Mapping[str, PostgresSize]
    quotas: Mapping[Service, Mapping[str, Quota]]
    taken: Mapping[str, str] = field(default_factory=dict)
    """Names that others have, and what Azure says about each."""
    deleted_vaults: frozenset[str] = frozenset()
    resources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By resource group."""
    existing: frozenset[str] = frozenset()
    """Ids of single things: blob containers and keys."""
    trusted: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    organisations: Mapping[str, str] = field(default_factory=dict)
    agent_pools: Mapping[str, AgentPool] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)


class SimulatedAzure:
    """Tells facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def cli_version(self) -> str:
        """The fact."""
        return self._facts.cli_version

    def signed_in(self) -> SignIn | None:
        """The fact."""
        return self._facts.signed_in

    def subscription(self, subscription: str) -> Subscription | None:
        """The fact."""
        return self._facts.subscriptions.get(subscription)

    def permissions(self, scope: str) -> tuple[Permission, ...]:
        """Those of the scope and of every scope above it."""
        held = self._facts.permissions.items()
        return tuple(one for above, ones in held if f"{scope}/".startswith(f"{above}/") for one in ones)

    def registered(self, subscription: str) -> frozenset[str]:
        """The fact."""
        self._seen(subscription)
        return self._facts.registered

    def zones(self, subscription: str) -> Mapping[str, bool]:
        """The fact."""
        self._seen(subscription)
        return self._facts.zones

    def allowed_locations(self, subscription: str) -> frozenset[str] | None:
        """The fact."""
        self._seen(subscription)
        return self._facts.allowed_locations

    def machine_sizes(self, subscription: str, location: str) -> Mapping[str, MachineSize]:
        """The fact, the same in each region that there is."""
        self._seen(subscription)
        return self._facts.machine_sizes if location in self._facts.zones else {}

    def postgres_sizes(self, subscription: str, location: str) -> Mapping[str, PostgresSize]:
        """The fact, the same in each region that there is."""
        self._seen(subscription)
        return self._facts.postgres_sizes if location in self._facts.zones else {}

    def quotas(self, subscription: str, location: str, service: Service) -> Mapping[str, Quota]:
        """The fact, the same in each region that there is."""
        self._seen(subscription)
        return self._facts.quotas[service] if location in self._facts.zones else {}

    def why_not_free(self, subscription: str, kind: Named, name: str) -> str:
        """The fact."""
        del kind
        self._seen(subscription)
        return self._facts.taken.get(name, "")

    def deleted_vaults(self, subscription: str) -> frozenset[str]:
        """The fact."""
        self._seen(subscription)
        return self._facts.deleted_vaults

    def resources(self, subscription: str, group: str) -> frozenset[str]:
        """The fact."""
        self._seen(subscription)
        return self._facts.resources.get(group, frozenset())

    def exists(self, resource_id: str) -> bool:
        """The fact."""
        return resource_id in self._facts.existing

    def trusted(self, identity_id: str) -> frozenset[tuple[str, str]]:
        """The fact."""
        return self._facts.trusted.get(identity_id, frozenset())

    def organisation_id(self, organisation: str) -> str:
        """The fact."""
        if organisation not in self._facts.organisations:
            raise AzureRefusedError("the answer was a sign-in page: this sign-in is not a member there")
        return self._facts.organisations[organisation]

    def agent_pool(self, organisation: str, name: str) -> AgentPool | None:
        """The fact."""
        self.organisation_id(organisation)
        return self._facts.agent_pools.get(name)

    def connection(self, organisation: str, project: str, name: str) -> Connection | None:
        """The fact."""
        del project
        self.organisation_id(organisation)
        return self._facts.connections.get(name)

    def _seen(self, subscription: str) -> None:
        if subscription not in self._facts.subscriptions:
            raise AzureRefusedError(f"SubscriptionNotFound: The subscription '{subscription}' could not be found.")


def ready_for(environment: Environment, types: Iterable[str]) -> Facts:
    """Facts in which an environment lacks nothing, before its first `up`."""
    home = state_home(environment)
    azure = environment.azure
    if azure is None:
        raise ValueError(f"environment {environment.name} is not in Azure")
    pipelines, subject = azure.pipelines, "/eid1/c/pub/t/tenant/a/devops/sc/organisation/connection"
    issuer = f"https://login.microsoftonline.com/{azure.tenant_id}/v2.0"
    scope = f"/subscriptions/{azure.subscription_id}"
    family = "standardSimulatedFamily"
    size = MachineSize(family, 4, frozenset({"1", "2", "3"}))
    quota = {family.lower(): PLENTY, "cores": PLENTY}
    return Facts(
        cli_version="2.80.0",
        signed_in=SignIn("you@simulated", azure.tenant_id),
        subscriptions={azure.subscription_id: Subscription("simulated", azure.tenant_id, "Enabled")},
        permissions={scope: (OWNER,), home.container_id: (STATE_USER,), home.key_id: (STATE_USER,)},
        registered=frozenset(one.partition("/")[0].lower() for one in types),
        zones={name: region.zones for name, region in REGIONS.items()},
        allowed_locations=None,
        machine_sizes=dict.fromkeys((azure.databricks.node_size, azure.postgres.size), size),
        postgres_sizes={azure.postgres.size: PostgresSize(2, azure.postgres.tier != "Burstable")},
        quotas={"machines": quota, "postgres": quota, "container apps": {"managedenvironmentcount": Quota(0, 15)}},
        existing=frozenset({home.container_id, home.key_id}),
        trusted={home.identity_id: frozenset({(issuer, subject)})},
        organisations={pipelines.organisation: pipelines.organisation_id},
        agent_pools={pipelines.agent_pool: _pool(azure.network)},
        connections={infra_connection(azure): Connection(FEDERATED, issuer, subject, azure.subscription_id)},
    )


def _pool(network: Network) -> AgentPool:
    return AgentPool(hosted=True, online=0) if network.public_access else AgentPool(hosted=False, online=1)
