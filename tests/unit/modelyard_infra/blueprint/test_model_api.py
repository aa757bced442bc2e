"""What the environment says about the model API reaches its process in Container Apps."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.environment.access_settings import access_document
from modelyard_infra.admission import admit
from modelyard_infra.arm import arm_template
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.graph import Joined, Ref
from modelyard_infra.terraform.rendering import configuration
from modelyard_infra.terraform.schema import problems
from modelyard_infra.terraform.translating import translate
from modelyard_serving.access.settings import EntraSettings, KeySettings, read_access_settings
from modelyard_serving.container import PREFIX, arguments
from modelyard_serving.settings import parse_settings

AZURE = ("dev", "test", "prod")
SERVING = Path(__file__).parents[4] / "ml" / "serving"
OF_THE_IMAGE = {"MODELYARD_BUNDLES": "/bundles", "MODELYARD_DEPLOYMENTS": "/deployments"}


@pytest.fixture
def keyed(environments):
    """An environment whose callers have API keys, as settings."""

    def change(name, **serving):
        values = environments[name].model_dump()
        values["serving"] |= serving
        values["serving"]["access"]["mode"] = "keys"
        return type(environments[name]).model_validate(values)

    return change


def app_of(blueprint):
    return blueprint.graph["model-flight-delay"].properties


def containers_of(blueprint):
    template = app_of(blueprint)["template"]
    (writer,), (api,) = template["initContainers"], template["containers"]
    return writer, api


def variables_of(container):
    return {one["name"]: one["value"] for one in container["env"] if one["name"].startswith(PREFIX)}


def not_understood(variables):
    """Variables that the container would not pass on to the process."""
    return {name for name in variables if not arguments({name: "given"})}


class TestSettings:
    @pytest.mark.parametrize("name", AZURE)
    def test_every_variable_is_one_that_the_container_understands(self, blueprints, name):
        _, api = containers_of(blueprints[name])
        assert len(variables_of(api)) >= 8
        assert not_understood(variables_of(api)) == set()
        assert not_understood({**variables_of(api), "MODELYARD_MODEL": "flight_delay"}) == {"MODELYARD_MODEL"}

    @pytest.mark.parametrize("name", AZURE)
    def test_the_process_is_told_what_the_environment_says(self, environments, blueprints, name):
        serving = environments[name].serving
        _, api = containers_of(blueprints[name])
        told = parse_settings(arguments({**OF_THE_IMAGE, **variables_of(api)}))
        assert (told.workers, told.max_rows, told.max_body_bytes) == (
            serving.workers,
            serving.max_rows,
            serving.max_body_bytes,
        )
        assert told.drain_seconds == serving.drain_seconds
        assert (told.host, told.port) == ("0.0.0.0", app_of(blueprints[name])["configuration"]["ingress"]["targetPort"])

    def test_another_number_of_workers_is_another_revision(self, changed, blueprints):
        other = changed("prod", {"serving.workers": 3})
        assert variables_of(containers_of(other)[1])["MODELYARD_WORKERS"] == "3"
        suffixes = {app_of(one)["template"]["revisionSuffix"] for one in (other, blueprints["prod"])}
        assert len(suffixes) == 2

    def test_requests_may_finish_before_the_container_is_killed(self, changed):
        template = app_of(changed("prod", {"serving.drain_seconds": 25.0}))["template"]
        assert template["terminationGracePeriodSeconds"] == 30

    def test_the_image_starts_what_reads_the_variables(self, blueprints):
        _, api = containers_of(blueprints["prod"])
        assert {"command", "args"} & set(api) == set()
        assert '"-m", "modelyard_serving.container"]' in (SERVING / "Dockerfile").read_text()

    def test_the_trusted_keys_are_those_of_the_image(self, blueprints):
        _, api = containers_of(blueprints["prod"])
        folder = variables_of(api)["MODELYARD_TRUSTED_KEYS"]
        assert f"COPY trusted-keys {folder}\n" in (SERVING / "Dockerfile").read_text()

    def test_where_nobody_signs_the_image_says_which_keys_it_trusts(self, changed):
        _, api = containers_of(changed("dev", {"release.signing": "none", "release.signing_key": None}))
        assert "MODELYARD_TRUSTED_KEYS" not in variables_of(api)

    def test_the_process_can_write_to_tmp_and_to_what_it_is_given_only(self, blueprints):
        _, api = containers_of(blueprints["prod"])
        volumes = {one["name"]: one["storageType"] for one in app_of(blueprints["prod"])["template"]["volumes"]}
        assert volumes == {"scratch": "EmptyDir", "access": "EmptyDir"}
        places = {one["mountPath"]: one["volumeName"] for one in api["volumeMounts"]}
        assert places == {"/tmp": "scratch", "/srv/modelyard/access": "access"}


class TestAccess:
    def written(self, container, folder):
        """The document, written as the container does it."""
        _, *options = container["command"]
        file, document = container["args"]
        target = folder / Path(file).name
        subprocess.run([sys.executable, *options, str(target), document], check=True)
        return target

    @pytest.mark.parametrize("name", AZURE)
    def test_the_model_api_understands_the_document_for_tokens(self, environments, blueprints, tmp_path, name):
        writer, _ = containers_of(blueprints[name])
        target = self.written(writer, tmp_path)
        settings = read_access_settings(target)
        assert isinstance(settings, EntraSettings)
        assert settings.tenant == environments[name].azure.tenant_id
        assert json.loads(target.read_text()) == access_document(environments[name].serving.access, settings.tenant)

    def test_the_document_for_keys_names_the_files_that_are_mounted(self, keyed, tmp_path):
        blueprint = draw_azure(keyed("prod"))
        writer, api = containers_of(blueprint)
        settings = read_access_settings(self.written(writer, tmp_path))
        assert isinstance(settings, KeySettings)
        assert {"name": "keys", "storageType": "Secret"} in app_of(blueprint)["template"]["volumes"]
        (folder,) = [one["mountPath"] for one in api["volumeMounts"] if one["volumeName"] == "keys"]
        mounted = {f"{folder}/{secret['name']}" for secret in app_of(blueprint)["configuration"]["secrets"]}
        assert mounted == {str(settings.file), str(settings.pepper.file)}

    @pytest.mark.parametrize("name", AZURE)
    def test_the_document_lies_where_the_process_looks_for_it(self, blueprints, name):
        writer, api = containers_of(blueprints[name])
        assert variables_of(api)["MODELYARD_ACCESS"] == writer["args"][0]
        (mount,) = writer["volumeMounts"]
        assert writer["args"][0].startswith(f"{mount['mountPath']}/")
        assert mount in api["volumeMounts"]
        assert writer["image"] == api["image"]
        assert f'ENTRYPOINT ["{writer["command"][0]}"' in (SERVING / "Dockerfile").read_text()

    def test_a_role_with_a_dollar_sign_is_not_taken_for_a_variable(self, changed, tmp_path):
        name = "Model.$(HOSTNAME)"
        writer, _ = containers_of(changed("prod", {"serving.access.entra.roles.metrics": (name,)}))
        assert "$" not in "".join([*writer["command"], *writer["args"]])
        assert name in read_access_settings(self.written(writer, tmp_path)).roles

    def test_who_may_ask_is_part_of_the_revision(self, changed, keyed, blueprints):
        other = changed("prod", {"serving.access.entra.leeway_seconds": 5})
        suffixes = [app_of(one)["template"]["revisionSuffix"] for one in (blueprints["prod"], other)]
        assert len({*suffixes, app_of(draw_azure(keyed("prod")))["template"]["revisionSuffix"]}) == 3


class TestKeys:
    def test_the_list_and_the_pepper_come_from_the_vault_in_their_newest_version(self, keyed):
        secrets = app_of(draw_azure(keyed("prod")))["configuration"]["secrets"]
        assert {secret["keyVaultUrl"] for secret in secrets} == {
            Joined((Ref("vault", "properties.vaultUri"), f"secrets/{name}"))
            for name in ("model-api-keys", "model-api-pepper")
        }
        assert {secret["identity"] for secret in secrets} == {Ref("identity-models")}
        assert not any("value" in secret for secret in secrets)

    def test_a_model_may_read_these_two_secrets_of_the_vault_and_waits_until_it_may(self, keyed):
        graph = draw_azure(keyed("prod")).graph
        roles = {
            role.key: role.properties["scope"]
            for role in graph.of_kind("authorization:RoleAssignment")
            if role.properties["principalId"] == Ref("identity-models", "principalId")
        }
        assert roles == {
            "role-models-images": Ref("registry"),
            "role-models-api-keys": Joined((Ref("vault"), "/secrets/model-api-keys")),
            "role-models-api-pepper": Joined((Ref("vault"), "/secrets/model-api-pepper")),
        }
        assert set(graph["model-flight-delay"].after) == set(roles)

    def test_before_the_first_release_nothing_asks_for_secrets_that_nobody_has_put_there(self, keyed):
        values = keyed("prod").model_dump()
        values["azure"]["container_apps"]["models"] = {}
        graph = draw_azure(type(keyed("prod")).model_validate(values)).graph
        assert "role-models-api-keys" not in graph

    def test_with_tokens_there_is_no_secret(self, blueprints):
        assert "secrets" not in app_of(blueprints["prod"])["configuration"]

    @pytest.mark.parametrize("name", AZURE)
    def test_every_policy_and_every_renderer_takes_it(self, keyed, name):
        environment = keyed(name)
        blueprint = draw_azure(environment)
        admit(blueprint, environment)
        blocks = {block.address: block for block in translate(blueprint.graph)}
        (template,) = blocks["azurerm_container_app.model_flight_delay"].arguments["template"]
        assert [one["storage_type"] for one in template["volume"]] == ["EmptyDir", "EmptyDir", "Secret"]
        assert problems(configuration(blueprint)) == []
        assert "'/secrets/model-api-keys')" in json.dumps(arm_template(blueprint.graph))
