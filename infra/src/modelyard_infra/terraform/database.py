"""MLflow's database in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.network import placed
from modelyard_infra.terraform.reading import ON, Said

TIERS = {"Burstable": "B", "GeneralPurpose": "GP", "MemoryOptimized": "MO"}
MB_PER_GB = 1024


def server(said: Said) -> Arguments:
    """azurerm_postgresql_flexible_server."""
    sku, storage, backup = said.into("sku"), said.into("storage"), said.into("backup")
    sign_in, network = said.into("authConfig"), said.into("network")
    return {
        **placed(said, "serverName"),
        "create_mode": said.take("createMode"),
        "version": said.need("version"),
        "sku_name": f"{sku.word('tier', TIERS)}_{sku.need('name')}",
        "storage_mb": storage.convert("storageSizeGB", lambda size: size * MB_PER_GB),
        "auto_grow_enabled": storage.word("autoGrow", ON),
        "storage_tier": storage.take("tier"),
        "backup_retention_days": backup.take("backupRetentionDays"),
        "geo_redundant_backup_enabled": backup.word("geoRedundantBackup", ON),
        "authentication": [
            {
                "active_directory_auth_enabled": sign_in.word("activeDirectoryAuth", ON),
                "password_auth_enabled": sign_in.word("passwordAuth", ON),
                "tenant_id": sign_in.take("tenantId"),
            }
        ],
        "delegated_subnet_id": network.take("delegatedSubnetResourceId"),
        "private_dns_zone_id": network.take("privateDnsZoneArmResourceId"),
        "public_network_access_enabled": network.word("publicNetworkAccess", ON),
        "zone": said.take("availabilityZone"),
        "high_availability": _standby(said.into("highAvailability")),
    }


def _standby(said: Said) -> list[Arguments] | None:
    """azurerm says that there is no second server by leaving the block out."""
    mode, zone = said.take("mode"), said.take("standbyAvailabilityZone")
    if mode is None or mode == "Disabled":
        return None
    return [{"mode": mode, "standby_availability_zone": zone}]


def database(said: Said) -> Arguments:
    """azurerm_postgresql_flexible_server_database."""
    said.unsaid("resourceGroupName")
    return {
        "name": said.need("databaseName"),
        "server_id": said.owner("serverName"),
        "charset": said.take("charset"),
        "collation": said.take("collation"),
    }


def setting(said: Said) -> Arguments:
    """azurerm_postgresql_flexible_server_configuration."""
    said.unsaid("resourceGroupName")
    said.implied("source", "user-override")
    return {
        "name": said.need("configurationName"),
        "server_id": said.owner("serverName"),
        "value": said.need("value"),
    }


def administrator(said: Said) -> Arguments:
    """azurerm_postgresql_flexible_server_active_directory_administrator."""
    return {
        "server_name": said.need("serverName"),
        "resource_group_name": said.need("resourceGroupName"),
        "object_id": said.need("objectId"),
        "principal_name": said.need("principalName"),
        "principal_type": said.need("principalType"),
        "tenant_id": said.need("tenantId"),
    }
