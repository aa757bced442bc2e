"""Changes behind the stack's back: found by refresh, repaired by up."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dev(yard):
    yard.operation("dev").up()
    return yard


def test_a_changed_property_is_found_named_and_repaired(dev):
    account = dev.environment("dev").azure_name("storage account")
    with dev.azure() as azure:
        azure.change(account, "minimumTlsVersion", "TLS1_0")

    found = dev.operation("dev").refresh()

    assert [str(change) for change in found.changes] == [
        "changed storage account lake-account: minimumTlsVersion: TLS1_2 → TLS1_0"
    ]
    repaired = dev.operation("dev").up()
    assert [(change.name, change.operation) for change in repaired.changes] == [("lake-account", "update")]
    with dev.azure() as azure:
        assert azure.find(account).body["minimumTlsVersion"] == "TLS1_2"
    assert not dev.operation("dev").refresh().has_changes


def test_up_finds_and_repairs_without_a_refresh_before(dev):
    with dev.azure() as azure:
        azure.change("keyvault:Vault", "properties.publicNetworkAccess", "Disabled")
        azure.change("containerregistry:Registry", "adminUserEnabled", True)
    result = dev.operation("dev").up()
    assert {change.name for change in result.found} == {"vault", "registry"}
    assert {str(change).partition(":")[0] for change in result.changes} == {
        "update key vault vault",
        "update registry registry",
    }
    assert not dev.operation("dev").up().has_changes


def test_what_was_deleted_is_found_gone_and_made_again(dev):
    container = dev.blueprint("dev").graph["job-nightly"].properties["jobName"]
    with dev.azure() as azure:
        azure.delete(container)
        azure.delete("consumption:Budget")
    found = dev.operation("dev").refresh()
    assert {(change.name, change.operation) for change in found.changes} >= {
        ("job-nightly", "gone"),
        ("budget", "gone"),
    }
    repaired = dev.operation("dev").up()
    assert {change.name for change in repaired.changes if change.operation == "create"} >= {"job-nightly", "budget"}
    assert not dev.operation("dev").up().has_changes


def test_the_loss_of_data_itself_is_found_and_what_held_it_is_made_again(dev):
    """Somebody deletes the whole account: nothing brings the data back, but the environment converges."""
    account = dev.environment("dev").azure_name("storage account")
    with dev.azure() as azure:
        azure.delete(account)
    result = dev.operation("dev").up()
    created = {change.name for change in result.changes if change.operation == "create"}
    assert {"lake-account", "lake-layers", "lake-artifacts", "lake-releases", "lake-lifecycle"} <= created
    assert not dev.operation("dev").up().has_changes


def test_the_plain_cli_finds_drift_too(dev):
    with dev.azure() as azure:
        azure.change("consumption:Budget", "amount", 1)
    assert dev.pulumi("preview", "--expect-no-changes", stack="dev").returncode != 0
    answer = dev.pulumi("up", "--yes", "--skip-preview", stack="dev")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert not dev.operation("dev").refresh().has_changes
