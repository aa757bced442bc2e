"""A small environment: as a graph, and as the preview that Pulumi prints for it."""

import pytest

from modelyard_infra.blueprint.graph import Graph, Joined, Ref, Resource
from modelyard_infra.catalogue import UNKNOWN

STACK = "urn:pulumi:dev::modelyard"
NATIVE = "azure-native"
GROUP = {"resourceGroupName": "rg-dev", "location": "westeurope"}
GROUP_URN = f"{STACK}::modelyard:azure:Site${NATIVE}:resources:ResourceGroup::group"
LAKE_URN = f"{STACK}::modelyard:azure:Lake${NATIVE}:storage:StorageAccount::lake"
ASSIGNMENT = "00c414f5-91a9-5107-a1eb-3ef4b7c9d979"
PLACE = {"resourceGroupName": Ref("group", "name"), "location": "westeurope"}
ACCOUNT = {
    **PLACE,
    "accountName": "stlake",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "enableHttpsTrafficOnly": True,
    "tags": {"note": "[keep]"},
    "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "203.0.113.0/24"}]},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [Ref("jobs")]},
}
LAYERS = {
    "resourceGroupName": Ref("group", "name"),
    "accountName": Ref("lake", "name"),
    "containerName": "lake",
    "publicAccess": "None",
}
MAY_READ = {
    "scope": Ref("layers"),
    "roleAssignmentName": ASSIGNMENT,
    "principalId": Ref("jobs", "principalId"),
    "principalType": "ServicePrincipal",
}
LAKE = {"name": "LAKE", "value": Joined(("abfss://", Ref("lake", "primaryEndpoints.dfs")))}
JOB = {
    **PLACE,
    "jobName": "caj-data",
    "environmentId": "/subscriptions/x/environment",
    "template": {"containers": [{"name": "data", "image": "example/data:1", "env": [LAKE]}]},
}
LOCK = {"scope": Ref("group"), "lockName": "keep", "level": "CanNotDelete"}
FOLDER = {"account": Ref("lake", "name"), "fileSystem": "lake", "path": "RAW"}


@pytest.fixture
def graph():
    return Graph(
        (
            Resource("group", "resources:ResourceGroup", "site", GROUP),
            Resource("jobs", "managedidentity:UserAssignedIdentity", "access", {**PLACE, "resourceName": "id-jobs"}),
            Resource("lake", "storage:StorageAccount", "lake", ACCOUNT),
            Resource("layers", "storage:BlobContainer", "lake", LAYERS),
            Resource("may-read", "authorization:RoleAssignment", "access", MAY_READ, after=("jobs",)),
            Resource("lock", "authorization:ManagementLockByScope", "site", LOCK),
            Resource("folder", "modelyard:azure:LakeFolder", "lake", FOLDER),
            Resource("job", "app:Job", "compute", JOB),
        )
    )


def bookkeeping(type_, name, *, custom):
    return {"op": "create", "newState": {"urn": f"{STACK}::{type_}::{name}", "custom": custom, "type": type_}}


def step(component, kind, name, inputs, **depends):
    urn = f"{STACK}::modelyard:azure:{component}${NATIVE}:{kind}::{name}"
    state = {
        "urn": urn,
        "custom": True,
        "type": f"{NATIVE}:{kind}",
        "inputs": inputs,
        "propertyDependencies": depends,
        "parent": f"{STACK}::modelyard:azure:{component}::{component.lower()}",
        "dependencies": sorted({one for several in depends.values() for one in several}),
    }
    return {"op": "create", "urn": urn, "newState": state}


@pytest.fixture
def preview():
    account = {"accountName": "stlake", "resourceGroupName": UNKNOWN, "kind": "StorageV2", "location": "westeurope"}
    layers = {"accountName": UNKNOWN, "resourceGroupName": UNKNOWN, "containerName": "lake"}
    may_read = {"scope": UNKNOWN, "principalId": UNKNOWN, "roleAssignmentName": ASSIGNMENT}
    of_lake, of_group = [LAKE_URN], [GROUP_URN]
    return {
        "steps": [
            bookkeeping("pulumi:pulumi:Stack", "modelyard-dev", custom=False),
            bookkeeping("modelyard:azure:Lake", "lake", custom=False),
            bookkeeping(f"pulumi:providers:{NATIVE}", "azure", custom=True),
            {**step("Site", "network:VirtualNetwork", "old", {}), "op": "delete"},
            step("Site", "resources:ResourceGroup", "group", GROUP),
            step("Lake", "storage:StorageAccount", "lake", account, resourceGroupName=of_group),
            step("Lake", "storage:BlobContainer", "layers", layers, accountName=of_lake, resourceGroupName=of_group),
            step("Access", "authorization:RoleAssignment", "may-read", may_read, scope=of_lake, principalId=of_lake),
        ]
    }
