"""What computes besides the models: jobs on the embedded engine, and Databricks for Spark."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.apps import APPS, PROFILE, container, pulls
from modelyard_infra.blueprint.azure.firewalls import access
from modelyard_infra.blueprint.azure.identities import JOBS, assumed, identity_key
from modelyard_infra.blueprint.azure.images import full_name
from modelyard_infra.blueprint.azure.network import NETWORK, draw_endpoint, subnet_key
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.azure.tracking import tracking_address
from modelyard_infra.blueprint.graph import Joined, Ref, Resource, Value

CONCERN = "compute"
WORKSPACE, CONNECTOR = "databricks", "databricks-connector"
SECONDS_IN_A_MINUTE = 60
ENDPOINTS = {"databricks": "databricks_ui_api", "databricks-sign-in": "browser_authentication"}
"""Parts of the workspace that are reached privately, by the endpoint's purpose."""

JOB_NAMES = ("data", "model", "release")
"""One job per workflow room: `modelyard data …`, `modelyard model …`, `modelyard release …`. Who starts one says the
rest of the command."""


def draw_jobs(site: Site) -> list[Resource]:
    """Jobs on the embedded engine, as soon as there is an image for them."""
    image = site.azure.container_apps.images.jobs
    return [] if image is None else [_job(site, name, image) for name in JOB_NAMES]


def draw_databricks(site: Site) -> list[Resource]:
    """The workspace, inside the network and without public addresses; nothing where it is not enabled."""
    if not site.azure.databricks.enabled:
        return []
    connector: dict[str, Value] = {
        "connectorName": site.name("databricks connector"),
        "identity": {"type": "SystemAssigned"},
    }
    return [
        site.resource(CONCERN, CONNECTOR, "databricks:AccessConnector", connector),
        _workspace(site),
        *(
            resource
            for purpose, group_id in (
                ("databricks", "databricks_ui_api"),
                ("databricks-sign-in", "browser_authentication"),
            )
            for resource in draw_endpoint(
                site, CONCERN, purpose=purpose, target=WORKSPACE, group_id=group_id, zone="databricks"
            )
        ),
    ]


def managed_group(site: Site) -> str:
    """Name of the resource group that Databricks keeps for itself."""
    return site.name("resource group", "databricks")


def _workspace(site: Site) -> Resource:
    subscription = f"/subscriptions/{site.azure.subscription_id}"
    properties: dict[str, Value] = {
        "workspaceName": site.name("databricks workspace"),
        "sku": {"name": site.azure.databricks.sku},
        "managedResourceGroupId": f"{subscription}/resourceGroups/{managed_group(site)}",
        "computeMode": "Hybrid",
        "publicNetworkAccess": access(site),
        # With private endpoints only, Databricks' own rules about the internet are not needed.
        "requiredNsgRules": "NoAzureDatabricksRules" if site.is_private else "AllRules",
        "defaultStorageFirewall": "Enabled",
        "accessConnector": {"id": Ref(CONNECTOR), "identityType": "SystemAssigned"},
        "parameters": {
            "enableNoPublicIp": {"value": True},
            "customVirtualNetworkId": {"value": Ref(NETWORK)},
            "customPublicSubnetName": {"value": Ref(subnet_key("databricks-public"), "name")},
            "customPrivateSubnetName": {"value": Ref(subnet_key("databricks-private"), "name")},
            "requireInfrastructureEncryption": {"value": True},
        },
    }
    return site.resource(CONCERN, WORKSPACE, "databricks:Workspace", properties, holds_data=True)


def _job(site: Site, name: str, image: str) -> Resource:
    jobs = site.azure.container_apps.jobs
    variables: dict[str, Value] = {
        "AZURE_CLIENT_ID": Ref(identity_key(JOBS), "clientId"),
        "MODELYARD_ENVIRONMENT": site.environment.name,
        "MLFLOW_TRACKING_URI": tracking_address(site),
        "MODELYARD_VAULT": Joined((Ref("vault", "properties.vaultUri"),)),
    }
    command: dict[str, Value] = {"command": ["modelyard"], "args": [name, "--help"]}
    properties: dict[str, Value] = {
        "jobName": site.name("container job", name),
        "environmentId": Ref(APPS),
        "workloadProfileName": PROFILE,
        "identity": assumed(JOBS),
        "configuration": {
            "triggerType": "Manual",
            "manualTriggerConfig": {"parallelism": 1, "replicaCompletionCount": 1},
            "replicaTimeout": jobs.timeout_minutes * SECONDS_IN_A_MINUTE,
            "replicaRetryLimit": jobs.retries,
            "registries": pulls(site, JOBS),
        },
        "template": {
            "containers": [container(name, full_name(site, image), jobs.size, variables=variables, more=command)]
        },
    }
    return site.resource(CONCERN, f"job-{name}", "app:Job", properties, after=("role-jobs-images", "role-jobs-layers"))
