"""What is decided when an environment in Azure is drawn."""

import re
import uuid
from collections import Counter
from itertools import pairwise

import pytest

from modelyard.environment.azure_names import why_refused
from modelyard.environment.connections import Connections
from modelyard.errors import ConfigurationError
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.azure.identities import pipelines_subject
from modelyard_infra.blueprint.azure.site import Site
from modelyard_infra.blueprint.graph import Joined, Ref

AZURE = ("dev", "test", "prod")
EVERYWHERE_ALIKE = {"group", "network", "vault", "lake-account", "registry", "postgres", "mlflow", "mlflow-sign-in"}
DATA = {"vault", "lake-account", "lake-layers", "lake-artifacts", "lake-releases", "registry", "postgres", "logs"}
NEWEST = {"version": 2, "image": f"modelyard/flight-delay@sha256:{'a' * 64}"}


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, Joined):
        yield from (part for part in value.parts if isinstance(part, str))
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from texts(part)


@pytest.mark.parametrize("name", AZURE)
def test_drawing_twice_gives_the_same_blueprint(environments, blueprints, name):
    assert draw_azure(environments[name]) == blueprints[name]


@pytest.mark.parametrize("name", AZURE)
def test_every_environment_has_the_same_foundation(blueprints, name):
    assert {resource.key for resource in blueprints[name].graph} >= EVERYWHERE_ALIKE


@pytest.mark.parametrize("name", AZURE)
def test_what_holds_data_is_marked(blueprints, name):
    marked = {resource.key for resource in blueprints[name].graph if resource.holds_data}
    assert marked >= DATA
    assert marked - DATA <= {"postgres-database", "databricks"}


def test_environments_share_no_name_that_must_be_unique_in_azure(blueprints):
    unique = {"storage:StorageAccount": "accountName", "keyvault:Vault": "vaultName"}
    unique |= {"containerregistry:Registry": "registryName", "dbforpostgresql:Server": "serverName"}
    names = Counter(
        resource.properties[unique[resource.kind]]
        for blueprint in blueprints.values()
        for resource in blueprint.graph.of_kind(*unique)
    )
    assert len(names) == len(AZURE) * len(unique)
    assert set(names.values()) == {1}


@pytest.mark.parametrize("name", AZURE)
def test_nothing_in_an_environment_mentions_another(environments, blueprints, name):
    others = [environments[other] for other in AZURE if other != name]
    foreign = {other.azure.subscription_id for other in others}
    foreign |= {other.azure.network.address_space for other in others}
    foreign |= {other.azure_name(kind) for other in others for kind in ("storage account", "key vault", "registry")}
    found = {text for resource in blueprints[name].graph for text in texts(resource.properties)}
    assert not {text for text in found if any(word in text for word in foreign)}


@pytest.mark.parametrize("name", AZURE)
def test_connections_are_those_of_the_platform_once_addresses_are_known(blueprints, name):
    known = {
        key: "".join(part if isinstance(part, str) else "known" for part in value.parts)
        if isinstance(value, Joined)
        else value
        for key, value in blueprints[name].connections.items()
    }
    connections = Connections.model_validate(known)
    assert connections.environment == name
    assert connections.lake.startswith("abfss://lake@stmyard")
    assert "{model}" in connections.model_api


def test_a_local_environment_has_nothing_in_azure(environments):
    local = environments["dev"].model_copy(update={"azure": None, "kind": "local"})
    with pytest.raises(ConfigurationError, match="has nothing in Azure"):
        draw_azure(local)


class TestNetwork:
    def test_subnets_of_a_network_are_made_one_after_the_other(self, blueprints):
        subnets = blueprints["prod"].graph.of_kind("network:Subnet")
        assert len(subnets) == 5
        for before, subnet in pairwise(subnets):
            assert before.key in subnet.after

    @pytest.mark.parametrize("name", AZURE)
    def test_every_subnet_has_a_security_group_that_ends_with_a_refusal(self, blueprints, name):
        graph = blueprints[name].graph
        for subnet in graph.of_kind("network:Subnet"):
            group = graph[subnet.properties["networkSecurityGroup"]["id"].resource]
            *_, last = group.properties["securityRules"]
            assert (last["access"], last["priority"], last["sourceAddressPrefix"]) == ("Deny", 4096, "*")

    @pytest.mark.parametrize("name", AZURE)
    def test_priorities_of_a_security_group_are_unique(self, blueprints, name):
        for group in blueprints[name].graph.of_kind("network:NetworkSecurityGroup"):
            priorities = [rule["priority"] for rule in group.properties["securityRules"]]
            assert len(set(priorities)) == len(priorities)

    def test_prod_reaches_every_data_service_by_a_private_endpoint(self, blueprints):
        endpoints = blueprints["prod"].graph.of_kind("network:PrivateEndpoint")
        parts = {
            (connection["privateLinkServiceId"].resource, *connection["groupIds"])
            for endpoint in endpoints
            for connection in endpoint.properties["privateLinkServiceConnections"]
        }
        assert parts == {
            ("lake-account", "blob"),
            ("lake-account", "dfs"),
            ("vault", "vault"),
            ("registry", "registry"),
            ("databricks", "databricks_ui_api"),
            ("databricks", "browser_authentication"),
        }

    def test_dev_lets_in_its_ranges_and_its_own_apps_and_nobody_else(self, blueprints, environments):
        graph = blueprints["dev"].graph
        rules = graph["lake-account"].properties["networkRuleSet"]
        assert rules["defaultAction"] == "Deny"
        ranges = [rule["iPAddressOrRange"] for rule in rules["ipRules"]]
        assert ranges == list(environments["dev"].azure.network.allowed_ranges)
        assert [rule["virtualNetworkResourceId"] for rule in rules["virtualNetworkRules"]] == [
            Ref("subnet-container-apps")
        ]
        assert graph.of_kind("network:PrivateEndpoint") == ()

    def test_apps_of_a_private_environment_are_found_by_name_inside_the_network(self, blueprints):
        graph = blueprints["prod"].graph
        assert graph["zone-apps"].properties["privateZoneName"] == Ref("apps-environment", "defaultDomain")
        assert graph["zone-apps-names"].properties["aRecords"] == [{"ipv4Address": Ref("apps-environment", "staticIp")}]
        assert "zone-apps" not in blueprints["dev"].graph


class TestAccess:
    @pytest.mark.parametrize("name", AZURE)
    def test_names_of_role_assignments_are_guids_that_differ(self, blueprints, name):
        names = [
            role.properties["roleAssignmentName"]
            for role in blueprints[name].graph.of_kind("authorization:RoleAssignment")
        ]
        assert len({uuid.UUID(text) for text in names}) == len(names)

    def test_scientists_write_to_the_lake_in_dev_only(self, blueprints):
        writes = {
            name: "Contributor" in blueprints[name].graph["role-scientists-layers"].properties["description"]
            for name in AZURE
        }
        assert writes == {"dev": True, "test": False, "prod": False}

    def test_a_model_may_pull_its_image_and_nothing_else(self, blueprints):
        roles = [
            role
            for role in blueprints["prod"].graph.of_kind("authorization:RoleAssignment")
            if role.properties["principalId"] == Ref("identity-models", "principalId")
        ]
        assert [role.key for role in roles] == ["role-models-images"]

    def test_images_are_built_in_dev_and_imported_everywhere_else(self, blueprints):
        builds = [name for name in AZURE if "role-pipelines-builds" in blueprints[name].graph]
        imports = [name for name in AZURE if "role-pipelines-imports" in blueprints[name].graph]
        assert (builds, imports) == (["dev"], ["test", "prod"])

    def test_pipelines_sign_in_for_one_service_connection_only(self, blueprints):
        trust = blueprints["prod"].graph["identity-pipelines-trust"].properties
        *_, organisation, connection = trust["subject"].split("/")
        assert organisation == "00000000-0000-0000-0000-000000000021"
        assert connection == "00000000-0000-0000-0000-0000000000f2"
        assert trust["issuer"] == "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001/v2.0"
        assert trust["audiences"] == ["api://AzureADTokenExchange"]

    def test_the_subject_of_pipelines_is_spelt_as_entra_spells_it(self, environments):
        """Tenant and subject as Microsoft's own tenant publishes them."""
        subject = pipelines_subject("72f988bf-86f1-41af-91ab-2d7cd011db47", environments["prod"].azure.pipelines)
        assert subject.startswith("/eid1/c/pub/t/v4j5cvGGr0GRqy180BHbRw/a/rISbSSETf0KqFyZ8ppdXmA/sc/")

    def test_an_app_starts_only_when_its_identity_may_pull_the_image(self, blueprints):
        graph = blueprints["prod"].graph
        for app in graph.of_kind("app:ContainerApp", "app:Job"):
            (identity,) = {ref.resource for ref in app.references if ref.resource.startswith("identity-")}
            assert f"role-{identity.removeprefix('identity-')}-images" in app.after


class TestReleases:
    def app(self, changed, **model):
        models = {"flight_delay": {**NEWEST, **model}}
        return changed("prod", {"azure.container_apps.models": models}).graph["model-flight-delay"].properties

    def traffic(self, changed, rollout):
        return self.app(changed, rollout=rollout)["configuration"]["ingress"]["traffic"]

    def test_without_a_rollout_the_newest_version_answers_everything(self, changed):
        assert self.traffic(changed, None) == [{"latestRevision": True, "weight": 100, "label": "v2"}]

    @pytest.mark.parametrize(
        ("mode", "percent", "weights"), [("canary", 10, (90, 10)), ("ab", 50, (50, 50)), ("shadow", 0, (100, 0))]
    )
    def test_a_rollout_is_the_weights_of_two_revisions_each_with_its_label(self, changed, mode, percent, weights):
        rollout = {"mode": mode, "percent": percent, "beside": {"version": 1, "revision": "v1-0a1b2c3d"}}
        old, new = self.traffic(changed, rollout)
        assert old["revisionName"].endswith("--v1-0a1b2c3d")
        assert "latestRevision" not in old
        assert "revisionName" not in new
        assert (old["weight"], new["weight"], new["latestRevision"]) == (*weights, True)
        assert (old["label"], new["label"]) == ("v1", "v2")

    def test_another_template_gets_another_revision_and_the_same_keeps_its_own(self, changed):
        def suffix(**model):
            return self.app(changed, rollout=None, **model)["template"]["revisionSuffix"]

        assert re.fullmatch(r"v2-[0-9a-f]{8}", suffix())
        assert suffix() == suffix()
        assert suffix() != suffix(image=f"modelyard/flight-delay@sha256:{'b' * 64}")

    def test_an_image_is_named_by_registry_and_digest(self, changed):
        (container,) = self.app(changed, rollout=None)["template"]["containers"]
        assert re.fullmatch(r"crmyard\w+\.azurecr\.io/modelyard/flight-delay@sha256:a{64}", container["image"])

    def test_before_its_image_is_pushed_what_needs_it_is_left_out(self, changed):
        graph = changed("prod", {"azure.container_apps.images": {"mlflow": None, "jobs": None}}).graph
        assert {"mlflow", "mlflow-sign-in", "job-nightly"} & {resource.key for resource in graph} == set()
        assert "postgres" in graph


class TestNames:
    @pytest.mark.parametrize("length", [1, 12, 13, 14, 15, 30, 63])
    def test_a_long_purpose_is_cut_so_that_azure_takes_the_name(self, environments, length):
        name = Site(environments["prod"]).name("container app", "m" * length)
        assert why_refused("container app", name) == ""

    def test_two_long_purposes_that_begin_alike_keep_different_names(self, environments):
        site = Site(environments["prod"])
        one, other = (site.name("container app", f"a-very-long-model-name-{end}") for end in ("one", "two"))
        assert one != other


class TestGovernance:
    def test_the_lock_waits_for_everything_so_that_it_goes_first(self, blueprints):
        graph = blueprints["prod"].graph
        lock = graph["group-lock"]
        assert set(lock.after) == {resource.key for resource in graph} - {"group", "group-lock"}

    def test_an_environment_without_a_lock_has_none(self, blueprints):
        assert "group-lock" not in blueprints["dev"].graph

    def test_the_budget_warns_at_each_share_of_the_amount(self, blueprints, environments):
        budget = blueprints["prod"].graph["budget"].properties
        assert budget["amount"] == environments["prod"].azure.budget.monthly_amount
        assert [one["threshold"] for one in budget["notifications"].values()] == [50, 80, 100]

    @pytest.mark.parametrize("name", AZURE)
    def test_everything_that_tells_something_tells_it_to_the_log_workspace(self, blueprints, name):
        graph = blueprints[name].graph
        watched = {setting.properties["resourceUri"].resource for setting in graph.of_kind("monitor:DiagnosticSetting")}
        assert watched >= {"vault", "lake-blob-service", "registry", "postgres", "apps-environment", "network", "logs"}
        for setting in graph.of_kind("monitor:DiagnosticSetting"):
            assert setting.properties["workspaceId"] == Ref("logs")
