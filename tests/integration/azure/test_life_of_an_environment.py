"""The life of every environment in a simulated Azure, with Pulumi's real engine."""

import json

import pytest

from modelyard.environment.stack_outputs import read_connections
from modelyard_infra.simulator.data_plane import SimulatedLake

pytestmark = pytest.mark.slow

ENVIRONMENTS = ("dev", "test", "prod")


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def foreseen(yard, name):
    return yard.operation(name).preview()


@pytest.fixture(scope="module")
def first_up(yard, name, foreseen):
    assert yard.exists(name) == {}, "the preview has made something"
    return yard.operation(name).up()


def test_a_preview_foresees_every_resource_and_makes_none(yard, name, foreseen):
    graph = yard.blueprint(name).graph
    assert {change.name for change in foreseen.changes} == {resource.key for resource in graph}
    assert {change.operation for change in foreseen.changes} == {"create"}
    assert {change.concern for change in foreseen.changes} == {resource.concern for resource in graph}
    assert foreseen.refused == ()


def test_up_makes_what_the_preview_foresaw(yard, name, foreseen, first_up):
    def told(result):
        return sorted(str(change) for change in result.changes)

    assert told(first_up) == told(foreseen)
    kinds = {one.kind for one in yard.blueprint(name).graph} - {"modelyard:azure:LakeFolder"}
    with yard.azure() as azure:
        made = azure.resources(yard.blueprint(name).subscription_id)
    assert {one.kind for one in made} == kinds


def test_everything_hangs_under_its_concern_and_is_bound_to_the_environments_subscription(yard, name, first_up):
    resources = yard.state(name)["resources"]
    subscription = yard.blueprint(name).subscription_id
    concerns = {one["urn"]: one["type"] for one in resources if one["type"].startswith("modelyard:azure:")}
    azure = [one for one in resources if one["type"].startswith("azure-native:")]
    assert {one["parent"] for one in azure} <= concerns.keys()
    assert {one["provider"].split("::")[3] for one in azure} == {"azure"}
    (provider,) = (one for one in resources if one["type"] == "pulumi:providers:azure-native")
    place = {"subscriptionId": subscription, "tenantId": yard.blueprint(name).tenant_id, "version": "3.29.0"}
    assert provider["inputs"].items() >= place.items()
    assert all(subscription in one["id"] for one in azure)


def test_the_lakes_folders_are_made_by_our_own_provider(yard, name, first_up):
    folders = [one for one in yard.state(name)["resources"] if one["type"] == "modelyard:azure:LakeFolder"]
    assert len(folders) == len(yard.blueprint(name).graph.of_kind("modelyard:azure:LakeFolder")) >= 7
    with yard.azure() as azure:
        lake = SimulatedLake(azure.store)
        assert all(lake.folder_exists(*one["id"].split("/", 2)) for one in folders)


def test_what_holds_data_is_protected_and_nothing_else(yard, name, first_up):
    protected = {one["urn"].split("::")[-1] for one in yard.state(name)["resources"] if one.get("protect")}
    assert protected == {one.key for one in yard.blueprint(name).graph if one.holds_data}


def test_connections_come_out_in_the_same_type_as_those_of_this_machine(yard, name, first_up):
    connections = read_connections(yard.workspace, name, simulated=True)
    assert connections.environment == name
    assert connections.lake.startswith("abfss://lake@")
    assert connections.tracking.startswith("https://")
    assert connections.images.endswith(".azurecr.io")
    given = {key: value for key, value in first_up.outputs["connections"].items() if value is not None}
    assert given == connections.model_dump(exclude_none=True)
    assert sum(first_up.outputs["resources"].values()) == len(yard.blueprint(name).graph)


def test_a_second_up_changes_nothing(yard, name, first_up):
    before = yard.exists(name)
    result = yard.operation(name).up()
    assert not result.has_changes
    assert result.unchanged == len(yard.blueprint(name).graph)
    assert yard.exists(name) == before


def test_a_refresh_finds_nothing(yard, name, first_up):
    assert not yard.operation(name).refresh().has_changes


def test_the_plain_cli_sees_the_same_stack_and_expects_no_changes(yard, name, first_up):
    answer = yard.pulumi("preview", "--expect-no-changes", stack=name)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_plain_cli_gives_the_same_outputs(yard, name, first_up):
    answer = yard.pulumi("stack", "output", "--json", stack=name)
    assert json.loads(answer.stdout) == first_up.outputs


def test_a_changed_setting_is_foreseen_and_updates_in_place(yard, name, first_up):
    days = 45 if name != "prod" else 400
    before = yard.exists(name)
    yard.set(name, "azure.observability.log_retention_days", days)
    foreseen = yard.operation(name).preview()
    result = yard.operation(name).up()
    assert foreseen.changes == result.changes
    assert [(change.name, change.operation) for change in result.changes] == [("logs", "update")]
    assert f"→ {days}" in result.changes[0].detail
    after = yard.exists(name)
    assert after.keys() == before.keys()
    assert [one for one in after if after[one][1] != before[one][1]] == [], "something was made anew"
    assert not yard.operation(name).up().has_changes
