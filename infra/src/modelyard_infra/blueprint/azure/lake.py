"""The data lake: one ADLS Gen2 account with the layers' file system, MLflow's artifacts and the releases."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.firewalls import access, storage_firewall
from modelyard_infra.blueprint.azure.network import draw_endpoint
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.draw import LAKE_FOLDERS
from modelyard_infra.blueprint.graph import Ref, Resource, Value

CONCERN = "lake"
ACCOUNT = "lake-account"
BLOB_SERVICE = "lake-blob-service"
LAYERS, ARTIFACTS, RELEASES = "lake-layers", "lake-artifacts", "lake-releases"
ARTIFACTS_NAME, RELEASES_NAME = "mlflow", "releases"
SAS_PERIOD = "1.00:00:00"
"""Days.hours:minutes:seconds that a signature on a key may live; there are no keys, so this only says no twice."""


def draw_lake(site: Site) -> list[Resource]:
    """Account, file systems, folders, lifecycle, endpoints."""
    return [
        _account(site),
        _blob_service(site),
        *_file_systems(site),
        *_folders(site),
        _lifecycle(site),
        *draw_endpoint(site, CONCERN, purpose="lake-blob", target=ACCOUNT, group_id="blob", zone="blob"),
        *draw_endpoint(site, CONCERN, purpose="lake-dfs", target=ACCOUNT, group_id="dfs", zone="dfs"),
    ]


def address(site: Site, file_system: str, folder: str = "") -> str:
    """An abfss:// address in the lake."""
    root = f"abfss://{file_system}@{site.name('storage account')}.dfs.core.windows.net"
    return f"{root}/{folder}" if folder else root


def _account(site: Site) -> Resource:
    encrypted: dict[str, Value] = {"enabled": True, "keyType": "Account"}
    properties: dict[str, Value] = {
        "accountName": site.name("storage account"),
        "kind": "StorageV2",
        "sku": {"name": f"Standard_{site.azure.lake.redundancy}"},
        "accessTier": "Hot",
        "isHnsEnabled": True,
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "defaultToOAuthAuthentication": True,
        "allowCrossTenantReplication": False,
        "allowedCopyScope": "AAD",
        "minimumTlsVersion": "TLS1_2",
        "enableHttpsTrafficOnly": True,
        "isLocalUserEnabled": False,
        "isSftpEnabled": False,
        "enableNfsV3": False,
        "sasPolicy": {"sasExpirationPeriod": SAS_PERIOD, "expirationAction": "Block"},
        "encryption": {
            "keySource": "Microsoft.Storage",
            "requireInfrastructureEncryption": True,
            "services": {"blob": encrypted, "file": encrypted},
        },
        "publicNetworkAccess": access(site),
        "networkRuleSet": storage_firewall(site),
    }
    return site.resource(CONCERN, ACCOUNT, "storage:StorageAccount", properties, holds_data=True)


def _blob_service(site: Site) -> Resource:
    lake = site.azure.lake
    properties: dict[str, Value] = {
        "accountName": Ref(ACCOUNT, "name"),
        "blobServicesName": "default",
        "deleteRetentionPolicy": {"enabled": True, "days": lake.soft_delete_days, "allowPermanentDelete": False},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": lake.container_soft_delete_days},
        # Versions and point-in-time restore are not to be had with a hierarchical namespace: Delta keeps versions.
        "isVersioningEnabled": False,
    }
    return site.resource(CONCERN, BLOB_SERVICE, "storage:BlobServiceProperties", properties)


def _file_systems(site: Site) -> list[Resource]:
    names = {LAYERS: site.environment.lake.file_system, ARTIFACTS: ARTIFACTS_NAME, RELEASES: RELEASES_NAME}
    return [
        site.resource(
            CONCERN,
            key,
            "storage:BlobContainer",
            {"accountName": Ref(ACCOUNT, "name"), "containerName": name, "publicAccess": "None"},
            after=(BLOB_SERVICE,),
            holds_data=True,
        )
        for key, name in names.items()
    ]


def _folders(site: Site) -> list[Resource]:
    folders = [(LAYERS, name) for name in LAKE_FOLDERS] + [(RELEASES, "bundles"), (RELEASES, "deployments")]
    return [
        site.resource(
            CONCERN,
            f"lake-folder-{name.lower()}",
            "modelyard:azure:LakeFolder",
            {"account": Ref(ACCOUNT, "name"), "fileSystem": Ref(file_system, "name"), "path": name},
            # Folders are made in the account itself, so whoever makes them must have been let in.
            after=("role-platform-team-layers", "role-platform-team-releases"),
        )
        for file_system, name in folders
    ]


def _lifecycle(site: Site) -> Resource:
    """Landed files get cheaper with age; refused batches go. Tables are left alone: Delta reads old files too."""
    cycle = site.azure.lake.lifecycle
    file_system = site.environment.lake.file_system
    tiers = {
        "tierToCool": cycle.cool_after_days,
        "tierToCold": cycle.cold_after_days,
        "tierToArchive": cycle.archive_after_days,
    }
    landed: dict[str, Value] = {
        tier: {"daysAfterModificationGreaterThan": days} for tier, days in tiers.items() if days is not None
    }
    refused: dict[str, Value] = {
        "delete": {"daysAfterModificationGreaterThan": cycle.delete_quarantine_after_days},
    }
    properties: dict[str, Value] = {
        "accountName": Ref(ACCOUNT, "name"),
        "managementPolicyName": "default",
        "policy": {
            "rules": [
                _rule("landed-files-get-cheaper", f"{file_system}/source/", landed),
                _rule("refused-batches-go", f"{file_system}/quarantine/", refused),
            ]
        },
    }
    return site.resource(CONCERN, "lake-lifecycle", "storage:ManagementPolicy", properties, after=(BLOB_SERVICE,))


def _rule(name: str, prefix: str, actions: Value) -> Value:
    return {
        "name": name,
        "type": "Lifecycle",
        "enabled": True,
        "definition": {
            "actions": {"baseBlob": actions},
            "filters": {"blobTypes": ["blockBlob"], "prefixMatch": [prefix]},
        },
    }
