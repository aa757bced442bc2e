"""Resources are written as ARM's REST API has them."""

import json

import pytest

from modelyard_infra.arm import arm_template
from modelyard_infra.blueprint.graph import Ref, Resource

ACCOUNT = "[resourceId('Microsoft.Storage/storageAccounts', 'stlake')]"
CONTAINER = "[resourceId('Microsoft.Storage/storageAccounts/blobServices/containers', 'stlake', 'default', 'lake')]"
IDENTITY = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-jobs')]"


def written(resources, type_):
    [found] = [resource for resource in arm_template(resources)["resources"] if resource["type"] == type_]
    return found


def test_a_template_says_what_it_is_and_is_json(graph):
    template = arm_template(graph)
    assert template["$schema"].endswith("/2019-04-01/deploymentTemplate.json#")
    assert template["contentVersion"] == "1.0.0.0"
    assert json.loads(json.dumps(template)) == template


def test_the_group_is_where_it_goes_and_a_folder_is_named_as_left_out(graph):
    template = arm_template(graph)
    assert template["metadata"] == {"resourceGroup": ["rg-dev"], "notInArm": ["folder"]}
    assert len(template["resources"]) == len(graph) - 2


def test_what_azure_native_flattens_goes_back_into_properties(graph):
    account = written(graph, "Microsoft.Storage/storageAccounts")
    assert account["apiVersion"] == "2024-01-01"
    assert account["name"] == "stlake"
    assert (account["kind"], account["sku"]) == ("StorageV2", {"name": "Standard_LRS"})
    assert account["properties"] == {
        "supportsHttpsTrafficOnly": True,
        "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24"}]},
    }


def test_a_list_of_identities_becomes_an_object_with_them_as_keys(graph):
    identity = written(graph, "Microsoft.Storage/storageAccounts")["identity"]
    assert identity == {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}


def test_a_text_that_looks_like_an_expression_stays_a_text(graph):
    assert written(graph, "Microsoft.Storage/storageAccounts")["tags"] == {"note": "[[keep]"}


def test_a_child_carries_its_parents_names_and_waits_for_them(graph):
    container = written(graph, "Microsoft.Storage/storageAccounts/blobServices/containers")
    assert container["name"] == "stlake/default/lake"
    assert container["properties"] == {"publicAccess": "None"}
    assert container["dependsOn"] == [ACCOUNT]


def test_a_role_assignment_lies_over_its_scope(graph):
    assignment = written(graph, "Microsoft.Authorization/roleAssignments")
    assert assignment["scope"] == CONTAINER
    assert "scope" not in assignment["properties"]
    whole = f"reference({IDENTITY[1:-1]}, '2023-01-31', 'full')"
    assert assignment["properties"]["principalId"] == f"[{whole}.properties.principalId]"
    assert assignment["dependsOn"] == [CONTAINER, IDENTITY]


def test_what_lies_over_the_group_needs_no_scope(graph):
    lock = written(graph, "Microsoft.Authorization/locks")
    assert lock == {
        "type": "Microsoft.Authorization/locks",
        "apiVersion": "2020-05-01",
        "name": "keep",
        "properties": {"level": "CanNotDelete"},
    }


def test_pieces_are_joined_where_azure_knows_them(graph):
    [container] = written(graph, "Microsoft.App/jobs")["properties"]["template"]["containers"]
    account = f"reference({ACCOUNT[1:-1]}, '2024-01-01', 'full')"
    assert container["env"][0]["value"] == f"[concat('abfss://', {account}.properties.primaryEndpoints.dfs)]"


def test_a_name_that_only_azure_knows_is_a_parameter(graph):
    zone = Resource(
        *("zone", "privatedns:PrivateZone", "network"),
        {"resourceGroupName": "rg-dev", "location": "global", "privateZoneName": Ref("lake", "primaryEndpoints.dfs")},
    )
    record = Resource(
        *("record", "privatedns:PrivateRecordSet", "network"),
        {
            "resourceGroupName": "rg-dev",
            "privateZoneName": Ref("zone", "name"),
            "recordType": "A",
            "relativeRecordSetName": "*",
            "ttl": 300,
            "aRecords": [{"ipv4Address": "10.0.0.4"}],
        },
    )
    template = arm_template([*graph, zone, record])
    assert template["parameters"] == {"zone-privateZoneName": {"type": "string"}}
    *_, zone_written, record_written = template["resources"]
    assert zone_written["name"] == "[parameters('zone-privateZoneName')]"
    assert record_written["type"] == "Microsoft.Network/privateDnsZones/A"
    assert record_written["name"] == "[join(createArray(parameters('zone-privateZoneName'), '*'), '/')]"


def test_a_unions_discriminator_has_arms_name():
    alert = Resource(
        *("alert", "monitor:MetricAlert", "observability"),
        {
            "ruleName": "alert",
            "resourceGroupName": "rg-dev",
            "location": "global",
            "criteria": {
                "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [{"criterionType": "StaticThresholdCriterion", "name": "slow", "threshold": 1}],
            },
        },
    )
    criteria = written([alert], "Microsoft.Insights/metricAlerts")["properties"]["criteria"]
    assert criteria["odata.type"] == "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    assert criteria["allOf"] == [{"criterionType": "StaticThresholdCriterion", "name": "slow", "threshold": 1}]


def test_two_groups_do_not_fit_into_one_template(graph):
    other = Resource("other", "resources:ResourceGroup", "site", {"resourceGroupName": "rg-2"})
    with pytest.raises(ValueError, match="one template, one resource group; found group, other"):
        arm_template([*graph, other])
