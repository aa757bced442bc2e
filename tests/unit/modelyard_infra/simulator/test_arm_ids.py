"""ARM ids are made from templates and taken apart again, whatever their case."""

import pytest

from modelyard_infra.simulator import arm_id

IN_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
ACCOUNT = f"{IN_GROUP}/providers/Microsoft.Storage/storageAccounts/{{accountName}}"
SETTING = "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}"
VALUES = {"subscriptionId": "s", "resourceGroupName": "rg", "accountName": "lake"}
CONTAINER = f"{arm_id.fill(ACCOUNT, VALUES)}/blobServices/default/containers/layers"


def test_an_id_is_filled_and_matched_back():
    identity = arm_id.fill(ACCOUNT, VALUES)
    assert identity == "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lake"
    assert arm_id.match(ACCOUNT, identity.upper()) == {name: value.upper() for name, value in VALUES.items()}
    assert arm_id.match(ACCOUNT, f"{identity}/blobServices/default") is None


def test_a_scope_is_a_whole_id():
    setting = arm_id.fill(SETTING, {"resourceUri": CONTAINER, "name": "all"})
    assert setting == f"{CONTAINER}/providers/Microsoft.Insights/diagnosticSettings/all"
    assert arm_id.match(SETTING, setting) == {"resourceUri": CONTAINER, "name": "all"}
    assert arm_id.type_of(setting) == "Microsoft.Insights/diagnosticSettings"


def test_a_missing_part_is_told():
    with pytest.raises(KeyError, match="accountName"):
        arm_id.fill(ACCOUNT, {"subscriptionId": "s", "resourceGroupName": "rg"})


def test_ids_are_compared_without_case_and_double_slashes():
    assert arm_id.key("//Subscriptions/S/ResourceGroups/RG/") == arm_id.key("/subscriptions/s/resourceGroups/rg")


def test_the_parts_of_an_id_are_found():
    assert arm_id.subscription_of(CONTAINER) == "s"
    assert arm_id.group_of(CONTAINER) == "rg"
    assert arm_id.group_id(CONTAINER) == "/subscriptions/s/resourceGroups/rg"
    assert arm_id.name_of(CONTAINER) == "layers"
    assert arm_id.type_of(CONTAINER) == "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert arm_id.type_of("/subscriptions/s/resourceGroups/rg") == arm_id.GROUP_TYPE
    assert arm_id.group_id("/subscriptions/s") == ""


def test_what_a_resource_lies_in_is_told_from_the_inside_out():
    account = arm_id.fill(ACCOUNT, VALUES)
    group = arm_id.group_id(account)
    assert list(arm_id.ancestors(CONTAINER)) == [f"{account}/blobServices/default", account, group]
    on_container = f"{CONTAINER}/providers/Microsoft.Authorization/roleAssignments/1"
    assert next(arm_id.ancestors(on_container)) == CONTAINER
    assert list(arm_id.ancestors("/subscriptions/s/providers/Microsoft.Authorization/locks/l")) == []
