"""A simulated Azure of one's own, and short ways to fill it."""

import copy
from contextlib import contextmanager

import pytest

from modelyard_infra.simulator import inputs
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import put_at
from modelyard_infra.simulator.rehearsal import SimulatedAzure

SUBSCRIPTION = "00000000-0000-0000-0000-0000000000d1"
GROUP = {"resourceGroupName": "rg"}
PLACED = {**GROUP, "location": "westeurope"}


USUAL = {
    "resources:ResourceGroup": {"resourceGroupName": "rg", "location": "westeurope"},
    "network:VirtualNetwork": {
        **PLACED,
        "virtualNetworkName": "vnet",
        "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
    },
    "network:Subnet": {
        **GROUP,
        "virtualNetworkName": "vnet",
        "subnetName": "apps",
        "addressPrefix": "10.1.0.0/24",
    },
    "network:NetworkSecurityGroup": {**PLACED, "networkSecurityGroupName": "nsg"},
    "network:PublicIPAddress": {
        **PLACED,
        "publicIpAddressName": "ip",
        "publicIPAllocationMethod": "Static",
        "sku": {"name": "Standard"},
    },
    "network:NatGateway": {**PLACED, "natGatewayName": "nat", "sku": {"name": "Standard"}},
    "network:PrivateEndpoint": {**PLACED, "privateEndpointName": "pe"},
    "privatedns:PrivateZone": {**GROUP, "privateZoneName": "zone.example", "location": "global"},
    "privatedns:VirtualNetworkLink": {
        **GROUP,
        "privateZoneName": "zone.example",
        "virtualNetworkLinkName": "link",
        "location": "global",
        "registrationEnabled": False,
    },
    "managedidentity:UserAssignedIdentity": {**PLACED, "resourceName": "id-jobs"},
    "managedidentity:FederatedIdentityCredential": {
        **GROUP,
        "resourceName": "id-jobs",
        "federatedIdentityCredentialResourceName": "trust",
        "issuer": "https://issuer.example/1",
        "subject": "sc://one",
        "audiences": ["api://AzureADTokenExchange"],
    },
    "keyvault:Vault": {
        **PLACED,
        "vaultName": "kv-one",
        "properties": {
            "tenantId": SUBSCRIPTION,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
        },
    },
    "storage:StorageAccount": {
        **PLACED,
        "accountName": "lake",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "isHnsEnabled": True,
    },
    "storage:BlobServiceProperties": {**GROUP, "accountName": "lake", "blobServicesName": "default"},
    "storage:BlobContainer": {**GROUP, "accountName": "lake", "containerName": "layers"},
    "storage:ManagementPolicy": {
        **GROUP,
        "accountName": "lake",
        "managementPolicyName": "default",
        "policy": {
            "rules": [
                {
                    "name": "cheaper",
                    "type": "Lifecycle",
                    "definition": {
                        "actions": {"baseBlob": {"tierToArchive": {"daysAfterModificationGreaterThan": 90}}},
                        "filters": {"blobTypes": ["blockBlob"]},
                    },
                }
            ]
        },
    },
    "containerregistry:Registry": {**PLACED, "registryName": "images", "sku": {"name": "Premium"}},
    "containerregistry:Replication": {
        **GROUP,
        "registryName": "images",
        "replicationName": "northeurope",
        "location": "northeurope",
    },
    "dbforpostgresql:Server": {
        **PLACED,
        "serverName": "pg-one",
        "version": "16",
        "sku": {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"},
        "storage": {"storageSizeGB": 64},
        "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled", "tenantId": SUBSCRIPTION},
    },
    "dbforpostgresql:Configuration": {
        **GROUP,
        "serverName": "pg-one",
        "configurationName": "log_connections",
        "value": "on",
        "source": "user-override",
    },
    "dbforpostgresql:Database": {**GROUP, "serverName": "pg-one", "databaseName": "mlflow"},
    "app:ManagedEnvironment": {
        **PLACED,
        "environmentName": "apps",
        "workloadProfiles": [{"name": "Consumption", "workloadProfileType": "Consumption"}],
    },
    "app:ContainerApp": {
        **PLACED,
        "containerAppName": "mlflow",
        "configuration": {"ingress": {"targetPort": 5000, "external": True}},
        "template": {
            "containers": [{"name": "one", "image": "images/one", "resources": {"cpu": 0.5, "memory": "1Gi"}}]
        },
    },
    "databricks:Workspace": {
        **PLACED,
        "workspaceName": "dbw",
        "sku": {"name": "premium"},
        "computeMode": "Hybrid",
        "managedResourceGroupId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-managed",
        "parameters": {"enableNoPublicIp": {"value": True}},
    },
    "operationalinsights:Workspace": {**PLACED, "workspaceName": "logs"},
    "monitor:DiagnosticSetting": {
        "name": "all",
        "logs": [{"categoryGroup": "allLogs", "enabled": True}],
    },
    "authorization:RoleAssignment": {
        "roleAssignmentName": "5f0c1a44-9a80-4a0c-8d7e-0c2f6f2a7a6e",
        "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "principalId": "00000000-0000-0000-0000-0000000000aa",
        "principalType": "Group",
    },
    "authorization:ManagementLockByScope": {"lockName": "lock", "level": "CanNotDelete"},
}
"""What a test asks for unless it says otherwise."""


class Cloud:
    """Azure with a resource group in it. Keyword arguments change properties, `__` standing for a dot."""

    def __init__(self, azure):
        self.azure, self.plane = azure, azure.plane
        self.group = self.put("resources:ResourceGroup")

    def put(self, kind, *, subscription=SUBSCRIPTION, **changes):
        """Asks for a resource with the usual properties of its kind, some of them changed."""
        properties = {**USUAL[kind]}
        for path, value in changes.items():
            properties = _changed(properties, path.replace("__", "."), value)
        identity = inputs.identity(self.plane.type(kind), properties, subscription)
        return self.plane.put(kind, identity, properties)

    def delete(self, stored):
        self.plane.delete(stored.kind, stored.id)

    def get(self, stored):
        return self.plane.get(stored.id, stored.kind)

    @contextmanager
    def refuses(self, code, *, status=None):
        """Azure must refuse what is done inside, with this code."""
        with pytest.raises(AzureError) as refusal:
            yield refusal
        assert refusal.value.code == code
        assert status is None or refusal.value.status == status
        assert "{" not in refusal.value.message.replace("{'", "")


def _changed(properties, path, value):
    changed = copy.deepcopy(properties)
    put_at(changed, path, value)
    return changed


@pytest.fixture
def azure(tmp_path):
    with SimulatedAzure(tmp_path / "azure.db") as simulated:
        yield simulated


@pytest.fixture
def cloud(azure):
    return Cloud(azure)
