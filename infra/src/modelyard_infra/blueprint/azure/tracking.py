"""The MLflow server: an app with sign-in, a PostgreSQL server without passwords, artifacts in the lake."""

from __future__ import annotations

from modelyard_infra.blueprint.azure.apps import APPS, PROFILE, address_of, container, host_of, ingress, probe, pulls
from modelyard_infra.blueprint.azure.identities import MLFLOW, assumed, identity_key
from modelyard_infra.blueprint.azure.images import full_name
from modelyard_infra.blueprint.azure.lake import ARTIFACTS_NAME, address
from modelyard_infra.blueprint.azure.network import POSTGRES_ZONE, subnet_key
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Joined, Ref, Resource, Value

CONCERN = "tracking"
SERVER, DATABASE, APP = "postgres", "postgres-database", "mlflow"
DATABASE_NAME = "mlflow"
PORT = 5000

SETTINGS = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_checkpoints": "on",
    "connection_throttle.enable": "on",
}
"""The server's parameters: encrypted connections only, and a trace of who connected when."""


def draw_tracking(site: Site) -> list[Resource]:
    """Server, database, and, as soon as there is an image, MLflow itself."""
    resources = [_server(site), *_settings(site), _administrator(site), _database(site)]
    if site.azure.container_apps.images.mlflow is not None:
        resources += [_app(site, site.azure.container_apps.images.mlflow), _sign_in(site)]
    return resources


def app_name(site: Site) -> str:
    """MLflow's app."""
    return site.name("container app", "mlflow")


def _server(site: Site) -> Resource:
    postgres = site.azure.postgres
    availability: dict[str, Value] = {"mode": postgres.high_availability}
    properties: dict[str, Value] = {
        "serverName": site.name("postgres server"),
        "createMode": "Default",
        "version": postgres.version,
        "sku": {"name": postgres.size, "tier": postgres.tier},
        "storage": {"storageSizeGB": postgres.storage_gb, "autoGrow": "Enabled"},
        "backup": {
            "backupRetentionDays": postgres.backup_days,
            "geoRedundantBackup": "Enabled" if postgres.geo_redundant_backup else "Disabled",
        },
        "authConfig": {
            "activeDirectoryAuth": "Enabled",
            "passwordAuth": "Disabled",
            "tenantId": site.azure.tenant_id,
        },
        "network": {
            "delegatedSubnetResourceId": Ref(subnet_key("postgres")),
            "privateDnsZoneArmResourceId": Ref(POSTGRES_ZONE),
            "publicNetworkAccess": "Disabled",
        },
    }
    if postgres.high_availability == "ZoneRedundant":
        properties["availabilityZone"] = "1"
        availability["standbyAvailabilityZone"] = "2"
    properties["highAvailability"] = availability
    after = (f"{POSTGRES_ZONE}-link",)
    return site.resource(CONCERN, SERVER, "dbforpostgresql:Server", properties, after=after, holds_data=True)


def _settings(site: Site) -> list[Resource]:
    """The parameters, one after the other: the server takes one change at a time."""
    resources: list[Resource] = []
    for name, value in SETTINGS.items():
        properties: dict[str, Value] = {
            "serverName": Ref(SERVER, "name"),
            "configurationName": name,
            "value": value,
            "source": "user-override",
        }
        key = f"postgres-{name.replace('_', '-').replace('.', '-')}"
        after = (resources[-1].key,) if resources else ()
        kind = "dbforpostgresql:Configuration"
        resources.append(site.resource(CONCERN, key, kind, properties, after=after))
    return resources


def _administrator(site: Site) -> Resource:
    """MLflow's identity owns the server, which holds nothing else; MLflow itself moves its schema on."""
    properties: dict[str, Value] = {
        "serverName": Ref(SERVER, "name"),
        "objectId": Ref(identity_key(MLFLOW), "principalId"),
        "principalName": site.name("identity", MLFLOW),
        "principalType": "ServicePrincipal",
        "tenantId": site.azure.tenant_id,
    }
    kind = "dbforpostgresql:AdministratorsMicrosoftEntra"
    return site.resource(CONCERN, "postgres-administrator", kind, properties, after=(_last_setting(),))


def _database(site: Site) -> Resource:
    properties: dict[str, Value] = {
        "serverName": Ref(SERVER, "name"),
        "databaseName": DATABASE_NAME,
        "charset": "UTF8",
        "collation": "en_US.utf8",
    }
    kind = "dbforpostgresql:Database"
    after = ("postgres-administrator",)
    return site.resource(CONCERN, DATABASE, kind, properties, after=after, holds_data=True)


def _last_setting() -> str:
    *_, last = SETTINGS
    return f"postgres-{last.replace('_', '-').replace('.', '-')}"


def _store(site: Site) -> Joined:
    """MLflow's database. The name is the identity's; what stands for a password is a token that is fetched anew."""
    user = site.name("identity", MLFLOW)
    host = Ref(SERVER, "fullyQualifiedDomainName")
    return Joined((f"postgresql+psycopg://{user}@", host, f":5432/{DATABASE_NAME}?sslmode=require"))


def _app(site: Site, image: str) -> Resource:
    name = app_name(site)
    variables: dict[str, Value] = {
        "AZURE_CLIENT_ID": Ref(identity_key(MLFLOW), "clientId"),
        "MLFLOW_BACKEND_STORE_URI": _store(site),
        "MLFLOW_ARTIFACTS_DESTINATION": address(site, ARTIFACTS_NAME),
        "MLFLOW_SERVE_ARTIFACTS": "true",
        "MLFLOW_SERVER_ALLOWED_HOSTS": host_of(name),
        "MLFLOW_WORKERS": str(site.environment.tracking.workers),
    }
    probes: list[Value] = [
        probe("Startup", "/health", PORT, period=5, failures=max(1, site.environment.tracking.start_seconds // 5)),
        probe("Liveness", "/health", PORT, period=15, failures=4),
        probe("Readiness", "/health", PORT, period=10, failures=3),
    ]
    command: dict[str, Value] = {
        "command": ["mlflow", "server"],
        "args": ["--host", "0.0.0.0", "--port", str(PORT)],  # noqa: S104 - inside the container, behind the ingress
    }
    properties: dict[str, Value] = {
        "containerAppName": name,
        "managedEnvironmentId": Ref(APPS),
        "workloadProfileName": PROFILE,
        "identity": assumed(MLFLOW),
        "configuration": {
            "activeRevisionsMode": "Single",
            "maxInactiveRevisions": 5,
            "registries": pulls(site, MLFLOW),
            "ingress": ingress(site, PORT, traffic=[{"latestRevision": True, "weight": 100}]),
        },
        "template": {
            "containers": [
                container(
                    "mlflow",
                    full_name(site, image),
                    site.azure.mlflow.size,
                    variables=variables,
                    more={**command, "probes": probes},
                )
            ],
            # MLflow's own guide for Azure: exactly one.
            "scale": {"minReplicas": 1, "maxReplicas": 1},
        },
    }
    after = ("role-mlflow-images", "role-mlflow-artifacts", DATABASE)
    return site.resource(CONCERN, APP, "app:ContainerApp", properties, after=after)


def _sign_in(site: Site) -> Resource:
    """Entra sign-in before anything reaches MLflow. Tokens are checked against Entra's own keys: no client secret."""
    client = site.azure.mlflow.client_id
    issuer = f"https://login.microsoftonline.com/{site.azure.tenant_id}/v2.0"
    properties: dict[str, Value] = {
        "containerAppName": Ref(APP, "name"),
        "authConfigName": "current",
        "platform": {"enabled": True},
        "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage", "excludedPaths": ["/health"]},
        "httpSettings": {"requireHttps": True},
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": True,
                "registration": {"clientId": client, "openIdIssuer": issuer},
                "validation": {"allowedAudiences": [f"api://{client}", client]},
            }
        },
    }
    return site.resource(CONCERN, "mlflow-sign-in", "app:ContainerAppsAuthConfig", properties)


def tracking_address(site: Site) -> Joined:
    """Where MLflow is, or will be as soon as it has an image."""
    return address_of(app_name(site))
