"""What Pulumi is about to make is read back into the blueprint's words."""

import pytest

from modelyard_infra.arm import PreviewError, arm_template, resources_of
from modelyard_infra.blueprint.graph import Ref
from modelyard_infra.catalogue import UNKNOWN, UnknownKindError


def test_only_what_will_exist_in_azure_is_read(preview):
    assert [(one.key, one.kind) for one in resources_of(preview)] == [
        ("group", "resources:ResourceGroup"),
        ("lake", "storage:StorageAccount"),
        ("layers", "storage:BlobContainer"),
        ("may-read", "authorization:RoleAssignment"),
    ]


def test_the_component_above_a_resource_is_its_concern(preview):
    assert [one.concern for one in resources_of(preview)] == ["site", "lake", "lake", "access"]


def test_an_unknown_part_of_an_address_is_the_name_of_what_it_depends_on(preview):
    layers = resources_of(preview)[2]
    assert layers.properties["accountName"] == Ref("lake", "name")
    assert layers.properties["resourceGroupName"] == Ref("group", "name")
    assert set(layers.after) == {"group", "lake"}


def test_an_unknown_id_is_the_id_of_what_it_depends_on_and_a_principal_stays_unknown(preview):
    assignment = resources_of(preview)[3]
    assert assignment.properties["scope"] == Ref("lake")
    assert assignment.properties["principalId"] == UNKNOWN


def test_what_stays_unknown_is_a_parameter_of_the_template(preview):
    template = arm_template(resources_of(preview))
    assert list(template["parameters"]) == ["may-read-principalId"]
    assert template["resources"][1]["name"] == "stlake/default/lake"
    assert template["resources"][2]["scope"] == "[resourceId('Microsoft.Storage/storageAccounts', 'stlake')]"
    assert UNKNOWN not in str(template)


def test_an_id_with_two_possible_sources_stays_unknown(preview):
    lake, group = (preview["steps"][index]["newState"]["urn"] for index in (5, 4))
    preview["steps"][-1]["newState"]["propertyDependencies"]["scope"] = [lake, group]
    assert resources_of(preview)[3].properties["scope"] == UNKNOWN


def test_a_secret_never_reaches_the_template(preview):
    inputs = preview["steps"][5]["newState"]["inputs"]
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": "canary"}
    inputs["tags"] = {"key": secret}
    template = arm_template(resources_of(preview))
    assert template["resources"][0]["tags"] == {"key": "[[secret]"}
    assert "canary" not in str(template)


def test_the_engines_events_are_read_too(preview):
    states = [(step["op"], step["newState"]) for step in preview["steps"]]
    events = [
        {"resourcePreEvent": {"metadata": {"op": operation, "urn": state["urn"], "new": state}}}
        for operation, state in states
    ]
    events.append({"sequence": 99, "summaryEvent": {"isPreview": True}})
    assert resources_of(events) == resources_of(preview)


def test_a_kind_without_a_table_is_not_left_out_silently(preview):
    preview["steps"][5]["newState"]["type"] = "azure-native:compute:Disk"
    with pytest.raises(UnknownKindError, match="compute:Disk"):
        resources_of(preview)


@pytest.mark.parametrize("other", [{"resources": []}, ["text"]])
def test_what_is_no_preview_is_refused(other):
    with pytest.raises(PreviewError):
        resources_of(other)
