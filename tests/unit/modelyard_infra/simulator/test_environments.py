"""Every environment of the repository fits into the simulated Azure, beside the others, and leaves it empty."""

from collections.abc import Mapping

import pytest

from modelyard.environment.loading import load_environment
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.graph import Joined, Ref
from modelyard_infra.simulator import inputs
from modelyard_infra.simulator.data_plane import SimulatedLake
from modelyard_infra.simulator.paths import first_at, without_nulls

NAMES = ("dev", "test", "prod")


class Deployment:
    """A blueprint, put into Azure resource by resource."""

    def __init__(self, azure, blueprint):
        self.azure, self.blueprint, self.made = azure, blueprint, {}

    def up(self):
        for resource in self.blueprint.graph.ordered:
            properties = without_nulls(self.value(resource.properties))
            if resource.kind == "modelyard:azure:LakeFolder":
                place = (properties["account"], properties["fileSystem"], properties["path"])
                SimulatedLake(self.azure.store).create_folder(*place)
                continue
            azure_type = self.azure.plane.type(resource.kind)
            identity = inputs.identity(azure_type, properties, self.blueprint.subscription_id)
            self.made[resource.key] = self.azure.plane.put(resource.kind, identity, properties)

    def down(self):
        for resource in reversed(self.blueprint.graph.ordered):
            if resource.key in self.made:
                self.azure.plane.delete(resource.kind, self.made[resource.key].id)

    def value(self, given):
        if isinstance(given, Ref):
            stored = self.made[given.resource]
            found = stored.id if given.output == "id" else first_at(stored.body, given.output)
            assert found, f"{stored.kind} answers no {given.output}"
            return found
        if isinstance(given, Joined):
            return "".join(self.value(part) for part in given.parts)
        if isinstance(given, Mapping):
            return {name: self.value(part) for name, part in given.items()}
        return [self.value(part) for part in given] if isinstance(given, list | tuple) else given


@pytest.fixture
def deployments(azure, workspace):
    return [Deployment(azure, draw_azure(load_environment(workspace, name))) for name in NAMES]


def test_all_environments_come_up_side_by_side_and_go_away_again(azure, deployments):
    for deployment in deployments:
        deployment.up()
    for deployment in deployments:
        first = dict(deployment.made)
        deployment.up()
        assert deployment.made == first
    for deployment in deployments:
        others = [one for one in deployments if one is not deployment and azure.plane.get(one.made["group"].id)]
        deployment.down()
        assert azure.resources(deployment.blueprint.subscription_id) == []
        for other in others:
            for stored in other.made.values():
                assert azure.plane.get(stored.id) == stored


def test_every_output_that_a_blueprint_shows_is_answered(deployments):
    for deployment in deployments:
        deployment.up()
        assert deployment.value(dict(deployment.blueprint.connections))


def test_an_environment_whose_callers_have_api_keys_comes_up_and_goes_away(azure, workspace):
    settings = load_environment(workspace, "prod")
    values = settings.model_dump()
    values["serving"]["access"]["mode"] = "keys"
    deployment = Deployment(azure, draw_azure(type(settings).model_validate(values)))
    deployment.up()
    app = deployment.made["model-flight-delay"].body
    vault = first_at(deployment.made["vault"].body, "properties.vaultUri")
    assert first_at(app, "configuration.secrets")[0]["keyVaultUrl"] == f"{vault}secrets/model-api-keys"
    deployment.down()
    assert azure.resources(deployment.blueprint.subscription_id) == []


def test_a_vault_that_was_deleted_stands_in_the_way_of_the_next_environment(azure, cloud, deployments):
    dev = deployments[0]
    dev.up()
    dev.down()
    with cloud.refuses("ConflictError"):
        dev.up()
