"""Roles, principals and locks."""

import pytest


def test_a_principal_that_nobody_knows_needs_its_kind_stated(cloud):
    with cloud.refuses("PrincipalNotFound", status=400) as refusal:
        cloud.put("authorization:RoleAssignment", scope=cloud.group.id, principalType=None)
    assert "principalType" in refusal.value.message
    cloud.put("authorization:RoleAssignment", scope=cloud.group.id)


def test_principals_that_are_known_need_nothing(cloud):
    identity = cloud.put("managedidentity:UserAssignedIdentity").body["principalId"]
    cloud.put("authorization:RoleAssignment", scope=cloud.group.id, principalId=identity, principalType=None)
    cloud.azure.set("principals", "00000000-0000-0000-0000-0000000000aa")
    cloud.put(
        "authorization:RoleAssignment",
        scope=cloud.put("storage:StorageAccount").id,
        roleAssignmentName="6f0c1a44-9a80-4a0c-8d7e-0c2f6f2a7a6e",
        principalType=None,
    )


def test_an_identity_is_no_group(cloud):
    identity = cloud.put("managedidentity:UserAssignedIdentity").body["principalId"]
    with cloud.refuses("UnmatchedPrincipalType"):
        cloud.put("authorization:RoleAssignment", scope=cloud.group.id, principalId=identity)


def test_a_role_must_exist(cloud):
    with cloud.refuses("RoleDefinitionDoesNotExist"):
        cloud.put(
            "authorization:RoleAssignment",
            scope=cloud.group.id,
            roleDefinitionId="/providers/Microsoft.Authorization/roleDefinitions/11111111-1111-1111-1111-111111111111",
        )


def test_the_same_grant_under_another_name_is_refused(cloud):
    first = cloud.put("authorization:RoleAssignment", scope=cloud.group.id)
    other = {"scope": cloud.group.id, "roleAssignmentName": "6f0c1a44-9a80-4a0c-8d7e-0c2f6f2a7a6e"}
    with cloud.refuses("RoleAssignmentExists", status=409) as refusal:
        cloud.put("authorization:RoleAssignment", **other)
    assert first.id in refusal.value.message
    cloud.put("authorization:RoleAssignment", **{**other, "scope": cloud.put("storage:StorageAccount").id})


def test_a_grant_cannot_be_given_to_somebody_else(cloud):
    cloud.put("authorization:RoleAssignment", scope=cloud.group.id)
    with cloud.refuses("RoleAssignmentUpdateNotPermitted"):
        cloud.put(
            "authorization:RoleAssignment", scope=cloud.group.id, principalId="00000000-0000-0000-0000-0000000000bb"
        )


def test_an_identity_that_is_made_anew_is_somebody_else(cloud):
    first = cloud.put("managedidentity:UserAssignedIdentity")
    cloud.delete(first)
    second = cloud.put("managedidentity:UserAssignedIdentity")
    assert second.id == first.id
    assert second.body["principalId"] != first.body["principalId"]


def test_a_lock_keeps_what_is_below_and_above_from_being_deleted(cloud):
    account = cloud.put("storage:StorageAccount")
    container = cloud.put("storage:BlobContainer")
    lock = cloud.put("authorization:ManagementLockByScope", scope=account.id)
    for locked in (account, container, cloud.group):
        with cloud.refuses("ScopeLocked", status=409) as refusal:
            cloud.delete(locked)
        assert account.id.lower() in refusal.value.message
    cloud.put("storage:StorageAccount", minimumTlsVersion="TLS1_2")
    cloud.delete(lock)
    cloud.delete(container)


def test_a_read_only_lock_keeps_everything_as_it_is(cloud):
    lock = cloud.put("authorization:ManagementLockByScope", scope=cloud.group.id, level="ReadOnly")
    with cloud.refuses("ScopeLocked"):
        cloud.put("storage:StorageAccount")
    cloud.delete(lock)
    cloud.put("storage:StorageAccount")


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
def test_a_lock_itself_can_be_taken_off(cloud, level):
    lock = cloud.put("authorization:ManagementLockByScope", scope=cloud.group.id, level=level)
    cloud.delete(lock)
    cloud.delete(cloud.group)
