"""Resources as people call them: `storage account lake-account` for a URN of Pulumi's."""

from __future__ import annotations

import re

from modelyard_infra.azure.registered import PACKAGE

BOOKKEEPING = frozenset({"stack", "provider", "concern", "stash"})
"""Kinds that are no part of the environment."""
COMPONENT = re.compile(r"modelyard:azure:(\w+)")
CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
AZURE = {
    "app:Job": "container job",
    "app:ManagedEnvironment": "container environment",
    "app:ContainerAppsAuthConfig": "sign-in",
    "authorization:ManagementLockByScope": "lock",
    "containerregistry:Replication": "registry copy",
    "databricks:AccessConnector": "databricks connector",
    "databricks:Workspace": "databricks workspace",
    "dbforpostgresql:AdministratorsMicrosoftEntra": "postgres administrator",
    "dbforpostgresql:Configuration": "postgres setting",
    "dbforpostgresql:Database": "postgres database",
    "dbforpostgresql:Server": "postgres server",
    "keyvault:Vault": "key vault",
    "managedidentity:FederatedIdentityCredential": "federated credential",
    "managedidentity:UserAssignedIdentity": "identity",
    "monitor:ScheduledQueryRule": "query alert",
    "network:NetworkSecurityGroup": "security group",
    "network:PrivateDnsZoneGroup": "private names",
    "network:PublicIPAddress": "public address",
    "operationalinsights:Workspace": "log workspace",
    "privatedns:PrivateRecordSet": "private record",
    "privatedns:VirtualNetworkLink": "zone link",
    "storage:BlobContainer": "file system",
    "storage:BlobServiceProperties": "blob service",
    "storage:ManagementPolicy": "lifecycle",
}
"""Kinds whose own names say too little, or too much. Others are called by their names: `virtual network`."""


def label(urn: str) -> str:
    """A resource as people call it: `service mlflow`."""
    return f"{kind_of(urn)} {name_of(urn)}"


def name_of(urn: str) -> str:
    """A resource's key: the last part of its URN."""
    return urn.split("::", 3)[-1]


def kind_of(urn: str) -> str:
    """What kind of resource it is, in words."""
    chain = urn.split("::")[2]
    own = chain.rpartition("$")[2]
    if own == "pulumi:pulumi:Stack":
        return "stack"
    if own.startswith("pulumi:providers:"):
        return "provider"
    if "$" not in chain and COMPONENT.fullmatch(own):
        return "concern"
    kind = own.removeprefix(f"{PACKAGE}:")
    return AZURE.get(kind) or CAPITAL.sub(" ", kind.rpartition(":")[2]).lower()


def concern_of(urn: str) -> str:
    """The concern that a resource in Azure belongs to; empty where there is none."""
    found = COMPONENT.match(urn.split("::")[2].partition("$")[0])
    return found.group(1).lower() if found else ""


def is_bookkeeping(urn: str) -> bool:
    """Whether it is Pulumi's own business rather than a part of the environment."""
    return kind_of(urn) in BOOKKEEPING
