"""What every resource of an environment has in common: names, place, tags, and the shape of a declaration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from modelyard.environment.azure_names import NAME_RULES
from modelyard.environment.azure_settings import Azure
from modelyard.environment.models import Environment
from modelyard_infra.blueprint.azure.released import Remembered
from modelyard_infra.blueprint.graph import Properties, Ref, Resource, Value

GROUP = "group"
"""Key of the resource group."""
HASH_LENGTH = 4
ZONES = ("1", "2", "3")

WITHOUT_GROUP = frozenset(
    {
        "resources:ResourceGroup",
        "authorization:ManagementLockByScope",
        "authorization:RoleAssignment",
        "monitor:DiagnosticSetting",
        "consumption:Budget",
        "modelyard:azure:LakeFolder",
    }
)
"""Kinds that belong to a scope, or to nothing, rather than to a resource group."""
EVERYWHERE = frozenset(
    {
        "privatedns:PrivateZone",
        "privatedns:VirtualNetworkLink",
        "monitor:ActionGroup",
        "monitor:MetricAlert",
    }
)
"""Kinds that live in no region: Azure calls that `global`."""
REGIONAL = frozenset(
    {
        "resources:ResourceGroup",
        "network:VirtualNetwork",
        "network:NetworkSecurityGroup",
        "network:NatGateway",
        "network:PublicIPAddress",
        "network:PrivateEndpoint",
        "managedidentity:UserAssignedIdentity",
        "keyvault:Vault",
        "storage:StorageAccount",
        "containerregistry:Registry",
        "dbforpostgresql:Server",
        "app:ManagedEnvironment",
        "app:ContainerApp",
        "app:Job",
        "databricks:Workspace",
        "databricks:AccessConnector",
        "operationalinsights:Workspace",
        "monitor:ScheduledQueryRule",
    }
)
"""Kinds that live in the environment's region."""
TAGGED = REGIONAL | EVERYWHERE | {"containerregistry:Replication"}
"""Kinds that carry tags."""


@dataclass(frozen=True)
class Site:
    """An environment while it is drawn."""

    environment: Environment
    releases: Mapping[str, Remembered] = field(default_factory=dict)
    """What was released without a commit, with revisions that have names."""

    @cached_property
    def azure(self) -> Azure:
        """The environment's settings in Azure.

        Raises:
            ValueError: the environment is not in Azure.
        """
        if self.environment.azure is None:
            raise ValueError(f"environment {self.environment.name} is not in Azure")
        return self.environment.azure

    @cached_property
    def tags(self) -> dict[str, str]:
        """Tags of every resource."""
        tags = self.azure.tags
        return {
            **tags.more,
            "project": self.environment.project,
            "environment": self.environment.name,
            "owner": tags.owner,
            "cost-centre": tags.cost_centre,
            "data-classification": tags.data_classification,
            "managed-by": "modelyard",
        }

    @property
    def is_private(self) -> bool:
        """Whether nothing can be reached from the internet."""
        return not self.azure.network.public_access

    @property
    def has_models(self) -> bool:
        """Whether any model is released here."""
        return bool(self.azure.container_apps.models or self.releases)

    def name(self, kind: str, purpose: str = "") -> str:
        """A resource's name in Azure. A purpose that makes it too long is cut, and told apart by four hex digits."""
        name = self.environment.azure_name(kind, purpose)
        too_long = len(name) - NAME_RULES[kind].longest
        if too_long <= 0:
            return name
        digest = hashlib.sha256(purpose.encode()).hexdigest()[:HASH_LENGTH]
        kept = purpose[: len(purpose) - too_long - HASH_LENGTH - 1].rstrip("-")
        return self.environment.azure_name(kind, f"{kept}-{digest}" if kept else digest)

    def resource(
        self,
        concern: str,
        key: str,
        kind: str,
        properties: Properties,
        *,
        after: tuple[str, ...] = (),
        holds_data: bool = False,
        replace_on: tuple[str, ...] = (),
    ) -> Resource:
        """A resource with what its kind shares with all others: group, place and tags."""
        shared: dict[str, Value] = {}
        if kind not in WITHOUT_GROUP:
            shared["resourceGroupName"] = Ref(GROUP, "name")
        if kind in REGIONAL:
            shared["location"] = self.azure.location
        elif kind in EVERYWHERE:
            shared["location"] = "global"
        if kind in TAGGED:
            shared["tags"] = self.tags
        return Resource(
            key, kind, concern, {**shared, **properties}, after=after, holds_data=holds_data, replace_on=replace_on
        )
