"""What computes besides the models: jobs that start flows by the clock, and Databricks for Spark."""

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

RUNNER = "container_apps"
"""What an environment says where these jobs are to start its flows."""


def draw_jobs(site: Site) -> list[Resource]:
    """A job for each flow that has a timetable, as soon as there is an image for them.

    A job knows the name of its flow and nothing else of it: the command in the image knows the steps.
    """
    schedules, image = site.environment.schedules, site.azure.container_apps.images.jobs
    if image is None or schedules.runner != RUNNER:
        return []
    return [_job(site, flow, cron, image) for flow, cron in schedules.timetables.items()]


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


def _job(site: Site, flow: str, cron: str, image: str) -> Resource:
    jobs = site.azure.container_apps.jobs
    variables: dict[str, Value] = {
        "AZURE_CLIENT_ID": Ref(identity_key(JOBS), "clientId"),
        "MODELYARD_ENV": site.environment.name,
        "MLFLOW_TRACKING_URI": tracking_address(site),
        "MODELYARD_VAULT": Joined((Ref("vault", "properties.vaultUri"),)),
    }
    words: list[Value] = ["schedule", "run", flow, "--env", site.environment.name]
    command: dict[str, Value] = {"command": ["modelyard"], "args": words}
    properties: dict[str, Value] = {
        "jobName": site.name("container job", flow),
        "environmentId": Ref(APPS),
        "workloadProfileName": PROFILE,
        "identity": assumed(JOBS),
        "configuration": {
            "triggerType": "Schedule",
            "scheduleTriggerConfig": {"cronExpression": cron, "parallelism": 1, "replicaCompletionCount": 1},
            "replicaTimeout": jobs.timeout_minutes * SECONDS_IN_A_MINUTE,
            "replicaRetryLimit": jobs.retries,
            "registries": pulls(site, JOBS),
        },
        "template": {
            "containers": [container(flow, full_name(site, image), jobs.size, variables=variables, more=command)]
        },
    }
    return site.resource(CONCERN, f"job-{flow}", "app:Job", properties, after=("role-jobs-images", "role-jobs-layers"))
