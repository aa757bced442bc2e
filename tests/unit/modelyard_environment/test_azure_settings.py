"""Settings that do not fit each other are refused, each where it stands."""

import pytest

from modelyard.environment.azure_network import Network, Subnets, address_problems
from modelyard.environment.loading import load_environment

CONTACTS = "alert_contacts: "
# environment, what is replaced, by what, keys that must be named
DISAGREEMENTS = [
    ("prod", "zone_redundant: true", "zone_redundant: false", ["azure.zone_redundant"]),
    ("prod", "redundancy: GZRS", "redundancy: GRS", ["azure.lake.redundancy"]),
    ("prod", "high_availability: ZoneRedundant", "high_availability: SameZone", ["azure.postgres.high_availability"]),
    ("prod", "min_replicas: 3", "min_replicas: 1", ["azure.container_apps.scale.min_replicas"]),
    ("prod", "max_replicas: 10", "max_replicas: 2", ["azure.container_apps.scale.max_replicas"]),
    ("prod", "lock: cannot_delete", "lock: none", ["azure.lock"]),
    ("prod", "minimum: 2", "minimum: 3", ["azure.approvals.minimum"]),
    ("prod", "minimum: 2", "minimum: 0", ["azure.approvals.minimum"]),
    ("prod", "[infra, promotion, release]", "[promotion]", ["azure.approvals.required_for"]),
    ("prod", "cold_after_days: 365", "cold_after_days: 90", ["azure.lake.lifecycle.cold_after_days"]),
    ("prod", "archive_after_days: null", "archive_after_days: 700", ["azure.lake.lifecycle.archive_after_days"]),
    ("dev", "monthly_amount: 150", "monthly_amount: 150\n    starts: 2026-11-02", ["azure.budget.starts"]),
    (
        "dev",
        "mlflow: modelyard/mlflow@sha256",
        "mlflow: modelyard/mlflow:latest",
        ["azure.container_apps.images.mlflow"],
    ),
    ("prod", "size: Standard_D4ds_v5", "size: Standard_E4ds_v5", ["azure.postgres.size"]),
    ("dev", "[203.0.113.0/24]", "[]", ["azure.network.allowed_ranges"]),
    ("prod", "[northeurope]", "[westeurope]", ["azure.registry.replicate_to.0"]),
    ("prod", "[northeurope]", "[atlantis]", ["azure.registry.replicate_to.0"]),
    ("prod", "cpu: 4, memory_gb: 8", "cpu: 4, memory_gb: 4", ["azure.container_apps.jobs.size.memory_gb"]),
    ("prod", "cpu: 2, memory_gb: 4", "cpu: 0.5, memory_gb: 1", ["azure.mlflow.size.cpu"]),
    ("prod", "max_workers: 8", "max_workers: -1", ["azure.databricks.max_workers"]),
    ("dev", "sku: Basic", "sku: Basic\n    replicate_to: [northeurope]", ["azure.registry.replicate_to"]),
    ("dev", "untagged_retention_days: 0", "untagged_retention_days: 7", ["azure.registry.untagged_retention_days"]),
    ("dev", "private_endpoints: false", "private_endpoints: true", ["azure.registry.sku"]),
    ("dev", "container_apps: 10.40.0.0/23", "container_apps: 10.40.0.0/28", ["azure.network.subnets.container_apps"]),
    ("dev", "postgres: 10.40.2.64/28", "postgres: 10.99.2.64/28", ["azure.network.subnets.postgres"]),
    ("dev", "postgres: 10.40.2.64/28", "postgres: 10.40.2.0/26", ["azure.network.subnets.postgres"]),
    ("dev", "postgres: 10.40.2.64/28", "postgres: 10.40.2.65/28", ["azure.network.subnets.postgres"]),
    ("dev", "postgres: 10.40.2.64/28", "postgres: 10.40.2.640/28", ["azure.network.subnets.postgres"]),
    ("dev", "postgres: 10.40.2.64/28", "postgres: ten", ["azure.network.subnets.postgres"]),
    ("dev", "address_space: 10.40.0.0/20", "address_space: 8.8.0.0/20", ["azure.network.address_space"]),
    ("dev", "[203.0.113.0/24]", "[0.0.0.0/0]", ["azure.network.allowed_ranges.0"]),
    ("dev", "[203.0.113.0/24]", "[10.0.0.0/8]", ["azure.network.allowed_ranges.0"]),
    ("dev", "public_access: true", "public_access: false", ["azure.network.private_endpoints"]),
    ("base", "location: westeurope", "location: atlantis", ["azure.location"]),
    ("base", "location: westeurope", "location: WestEurope", ["azure.location"]),
    ("base", f"{CONTACTS}[ml-platform@example.com]", f"{CONTACTS}[]", ["azure.observability.alert_contacts"]),
    ("base", f"{CONTACTS}[ml-platform@example.com]", f"{CONTACTS}[ml]", ["azure.observability.alert_contacts.0"]),
    ("base", 'version: "16"', "version: 16", ["azure.postgres.version"]),
    ("base", "storage_gb: 32", "storage_gb: 33", ["azure.postgres.storage_gb"]),
    ("base", "soft_delete_days: 7\n    purge", "soft_delete_days: 6\n    purge", ["azure.key_vault.soft_delete_days"]),
    ("base", "high_availability: Disabled", "high_availability: SameZone", ["azure.postgres.high_availability"]),
    ("base", "tenant_id: 00000000", "tenant_id: 0000000g", ["azure.tenant_id"]),
]
BESIDE = "beside: {version: 2, revision: v2-0a1b2c3d}"
ROLLOUT = "azure.container_apps.models.flight_delay.rollout"
# what the rollout says, the key that must be named
IMPOSSIBLE_ROLLOUTS = [
    (f"mode: canary, percent: 100, {BESIDE}", ".percent"),
    (f"mode: canary, percent: 0, {BESIDE}", ".percent"),
    (f"mode: canary, percent: 12.5, {BESIDE}", ".percent"),
    (f"mode: shadow, percent: 5, {BESIDE}", ".percent"),
    (f"mode: ab, percent: 50, key: x-caller, {BESIDE}", ".key"),
    (f"mode: mirror, percent: 50, {BESIDE}", ".mode"),
    ("mode: canary, percent: 10, beside: {version: 2, revision: v3-0a1b2c3d}", ".beside.revision"),
    ("mode: canary, percent: 10, beside: {version: 2, revision: latest}", ".beside.revision"),
    ("mode: canary, percent: 10, beside: {version: 1, revision: v1-0a1b2c3d}", ".beside.version"),
    ("mode: canary, percent: 10", ""),
]


@pytest.mark.parametrize(("says", "key"), IMPOSSIBLE_ROLLOUTS)
def test_a_rollout_that_revisions_cannot_do_is_refused_where_it_stands(rewrite, findings, says, key):
    rewrite("dev", "rollout: null", f"rollout: {{{says}}}")
    assert f"{ROLLOUT}{key}" in findings("dev")


@pytest.mark.parametrize("says", ["mode: canary, percent: 10", "mode: ab, percent: 99", "mode: shadow, percent: 0"])
def test_a_rollout_that_revisions_can_do_is_taken(workspace, rewrite, says):
    rewrite("dev", "rollout: null", f"rollout: {{{says}, {BESIDE}}}")
    rollout = load_environment(workspace, "dev").azure.container_apps.models["flight_delay"].rollout
    assert rollout.beside.revision == "v2-0a1b2c3d"


def test_assigning_callers_in_azure_is_refused_with_what_is_possible(rewrite, findings):
    rewrite("dev", "rollout: null", f"rollout: {{mode: ab, percent: 50, key: x-caller, {BESIDE}}}")
    assert "splits by weight only" in str(findings("dev"))


@pytest.mark.parametrize(("name", "old", "new", "keys"), DISAGREEMENTS)
def test_settings_that_do_not_fit_are_refused_where_they_stand(rewrite, findings, name, old, new, keys):
    rewrite(name, old, new)
    found = findings("dev" if name == "base" else name)
    assert set(keys) <= set(found)
    assert bool(found) == bool(keys)
    assert all(finding.place.line and finding.found and finding.allowed for finding in found.values())


def test_prod_must_not_be_reachable_from_the_internet(rewrite, findings):
    closed, opened = (
        "public_access: false\n    allowed_ranges: []",
        "public_access: true\n    allowed_ranges: [8.8.8.0/24]",
    )
    rewrite("base", closed, opened)
    assert list(findings("prod")) == ["azure.network.public_access"]
    assert findings("test") == {}


def test_prod_must_not_lose_its_secrets(rewrite, findings):
    rewrite("base", "purge_protection: true", "purge_protection: false")
    assert list(findings("prod")) == ["azure.key_vault.purge_protection"]
    assert findings("dev") == {}


def test_a_region_without_zones_cannot_be_zone_redundant(rewrite, findings):
    rewrite("base", "location: westeurope", "location: canadaeast")
    assert "azure.zone_redundant" in findings("prod")
    assert findings("test") == {}


def test_a_region_without_a_pair_cannot_copy_to_it(rewrite, findings):
    rewrite("base", "location: westeurope", "location: italynorth")
    assert set(findings("prod")) == {"azure.lake.redundancy", "azure.postgres.geo_redundant_backup"}


def test_several_disagreements_are_told_at_once(rewrite, findings):
    rewrite("prod", "redundancy: GZRS", "redundancy: LRS")
    rewrite("prod", "min_replicas: 3", "min_replicas: 0")
    rewrite("prod", "high_availability: ZoneRedundant", "high_availability: Disabled")
    assert len(findings("prod")) == 3


def test_databricks_needs_premium_only_where_there_is_one(rewrite, findings):
    rewrite("base", "enabled: false\n    sku: premium", "enabled: false\n    sku: standard")
    assert findings("dev") == {}
    assert list(findings("prod")) == ["azure.databricks.sku"]


def test_the_environments_differ_as_a_platform_team_would_expect(workspace):
    dev, test, prod = (load_environment(workspace, name).azure for name in ("dev", "test", "prod"))
    assert dev.budget.monthly_amount < test.budget.monthly_amount < prod.budget.monthly_amount
    assert (dev.network.public_access, test.network.public_access, prod.network.public_access) == (True, False, False)
    assert (dev.zone_redundant, prod.zone_redundant) == (False, True)
    assert dev.observability.log_retention_days < prod.observability.log_retention_days
    assert prod.approvals.minimum > test.approvals.minimum > dev.approvals.minimum


@pytest.mark.parametrize(
    ("apps", "refused"), [("172.30.0.0/23", True), ("172.31.4.0/23", True), ("172.29.0.0/23", False)]
)
def test_container_apps_stay_out_of_the_ranges_that_azure_keeps(workspace, apps, refused):
    subnets = {
        "container_apps": apps,
        "private_endpoints": "172.28.2.0/26",
        "postgres": "172.28.2.64/28",
        "databricks_public": "172.28.4.0/24",
        "databricks_private": "172.28.5.0/24",
    }
    plan = {"subnets": Subnets(**subnets), "private_endpoints": True, "public_access": False, "allowed_ranges": ()}
    problems = address_problems(Network.model_construct(address_space="172.16.0.0/12", **plan))
    assert any("which Azure keeps" in problem.allowed for problem in problems) is refused
