"""The data lake in azurerm's words."""

from __future__ import annotations

from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.network import placed
from modelyard_infra.terraform.reading import ON, Said, UntranslatableError, texts

ACTIONS = {
    "tierToCool": "tier_to_cool",
    "tierToCold": "tier_to_cold",
    "tierToArchive": "tier_to_archive",
    "delete": "delete",
}
AGES = {"daysAfterModificationGreaterThan": "after_days_since_modification_greater_than"}


def storage_account(said: Said) -> Arguments:
    """azurerm_storage_account. The blob service's settings are folded in by `blob_service`."""
    tier, _, redundancy = str(said.into("sku").need("name")).partition("_")
    encryption = said.into("encryption")
    _check_encryption(encryption)
    return {
        **placed(said, "accountName"),
        "account_kind": said.need("kind"),
        "account_tier": tier,
        "account_replication_type": redundancy,
        "access_tier": said.take("accessTier"),
        "is_hns_enabled": said.take("isHnsEnabled"),
        "allow_nested_items_to_be_public": said.take("allowBlobPublicAccess"),
        "shared_access_key_enabled": said.take("allowSharedKeyAccess"),
        "default_to_oauth_authentication": said.take("defaultToOAuthAuthentication"),
        "cross_tenant_replication_enabled": said.take("allowCrossTenantReplication"),
        "allowed_copy_scope": said.take("allowedCopyScope"),
        "min_tls_version": said.take("minimumTlsVersion"),
        "https_traffic_only_enabled": said.take("enableHttpsTrafficOnly"),
        "local_user_enabled": said.take("isLocalUserEnabled"),
        "sftp_enabled": said.take("isSftpEnabled"),
        "nfsv3_enabled": said.take("enableNfsV3"),
        "infrastructure_encryption_enabled": encryption.take("requireInfrastructureEncryption"),
        "public_network_access_enabled": said.word("publicNetworkAccess", ON),
        "sas_policy": _sas_policy(said.into("sasPolicy")),
        "network_rules": [_firewall(said.into("networkRuleSet"))],
    }


def _check_encryption(said: Said) -> None:
    """Azure always encrypts blobs and files, with its own keys unless told otherwise, so azurerm does not ask."""
    said.implied("keySource", "Microsoft.Storage")
    services = said.into("services")
    for name in services.names():
        service = services.into(name)
        service.implied("enabled", True)
        service.implied("keyType", "Account")


def _sas_policy(said: Said) -> list[Arguments] | None:
    period, action = said.take("sasExpirationPeriod"), said.take("expirationAction")
    return None if period is None else [{"expiration_period": period, "expiration_action": action}]


def _firewall(said: Said) -> Arguments:
    addresses, subnets = said.each("ipRules"), said.each("virtualNetworkRules")
    for rule in (*addresses, *subnets):
        rule.implied("action", "Allow")
    return {
        "default_action": said.need("defaultAction"),
        "bypass": [part.strip() for part in str(said.need("bypass")).split(",")],
        "ip_rules": texts(addresses, "iPAddressOrRange"),
        "virtual_network_subnet_ids": texts(subnets, "virtualNetworkResourceId"),
    }


def blob_service(said: Said) -> Arguments:
    """blob_properties of azurerm_storage_account."""
    said.implied("blobServicesName", "default")
    files, containers = said.into("deleteRetentionPolicy"), said.into("containerDeleteRetentionPolicy")
    kept_files = {"days": files.take("days"), "permanent_delete_enabled": files.take("allowPermanentDelete")}
    kept_containers = {"days": containers.take("days")}
    service = {
        "versioning_enabled": said.take("isVersioningEnabled"),
        "delete_retention_policy": [kept_files] if files.take("enabled") else None,
        "container_delete_retention_policy": [kept_containers] if containers.take("enabled") else None,
    }
    return {"blob_properties": [service]}


def container(said: Said) -> Arguments:
    """azurerm_storage_container."""
    said.unsaid("resourceGroupName")
    return {
        "name": said.need("containerName"),
        "storage_account_id": said.owner("accountName"),
        "container_access_type": said.word(
            "publicAccess", {"None": "private", "Blob": "blob", "Container": "container"}
        ),
    }


def folder(said: Said) -> Arguments:
    """azurerm_storage_data_lake_gen2_path."""
    return {
        "storage_account_id": said.owner("account"),
        "filesystem_name": said.need("fileSystem"),
        "path": said.need("path"),
        "resource": "directory",
    }


def lifecycle(said: Said) -> Arguments:
    """azurerm_storage_management_policy."""
    said.unsaid("resourceGroupName")
    said.implied("managementPolicyName", "default")
    rules = said.into("policy").each("rules")
    return {"storage_account_id": said.owner("accountName"), "rule": [_rule(rule) for rule in rules]}


def _rule(said: Said) -> Arguments:
    said.implied("type", "Lifecycle")
    definition = said.into("definition")
    filters = definition.into("filters")
    return {
        "name": said.need("name"),
        "enabled": said.need("enabled"),
        "filters": [{"blob_types": filters.need("blobTypes"), "prefix_match": filters.take("prefixMatch")}],
        "actions": [{"base_blob": [_actions(definition.into("actions").into("baseBlob"))]}],
    }


def _actions(said: Said) -> Arguments:
    found: dict[str, int] = {}
    for action in said.names():
        ages = said.into(action)
        for age in ages.names():
            if action not in ACTIONS or age not in AGES:
                raise UntranslatableError(f"a lifecycle rule knows no {action} by {age}")
            found[f"{ACTIONS[action]}_{AGES[age]}"] = ages.need(age)
    return found
