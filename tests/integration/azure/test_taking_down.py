"""Taking environments down, and what Azure keeps of them."""

from collections import Counter

import pytest

from modelyard.errors import NotProvisionedError, ProvisioningFailedError

pytestmark = pytest.mark.slow


def kinds(found):
    """How many there are of each type. An identity, and the address of the apps, are others the second time."""
    return Counter(body["type"] for body, _ in found.values())


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_an_environment_comes_down_to_nothing_and_up_again_recovers_its_vault(yard, name):
    first = yard.operation(name).up()
    before = yard.exists(name)

    with pytest.raises(ProvisioningFailedError, match=r"holds data, and nothing was destroyed: .*lake-account") as kept:
        yard.operation(name).down()
    assert kept.value.hint == f"destroy it with all data: modelyard infra down {name} --simulate --with-data"
    assert yard.exists(name) == before

    result = yard.operation(name).down(with_data=True)
    assert {change.operation for change in result.changes} == {"delete"}
    assert len(result.changes) == len(first.changes)
    assert yard.exists(name) == {}
    with yard.azure() as azure:
        assert {gone.kind for gone in azure.deleted()} == {"keyvault:Vault"}
    with pytest.raises(NotProvisionedError):
        yard.operation(name).outputs()
    assert not yard.operation(name).down(with_data=True).has_changes

    again = yard.operation(name).up()
    assert [change.operation for change in again.changes if change.name == "vault"] == ["create", "update"]
    assert kinds(yard.exists(name)) == kinds(before)
    assert not yard.operation(name).up().has_changes
    with yard.azure() as azure:
        assert [gone for gone in azure.deleted() if yard.blueprint(name).subscription_id in gone.id] == []


def test_what_came_up_plainly_goes_down_plainly_if_it_is_unprotected(own_yard):
    own_yard.operation("dev").preview()
    answer = own_yard.pulumi("up", "--yes", "--skip-preview", stack="dev")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    refused = own_yard.pulumi("destroy", "--yes", "--skip-preview", stack="dev")
    assert refused.returncode != 0
    assert "protected" in refused.stdout + refused.stderr
    answer = own_yard.pulumi("destroy", "--yes", "--skip-preview", "--ignore-protect", stack="dev")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert own_yard.exists("dev") == {}
