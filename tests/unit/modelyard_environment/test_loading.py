"""Environments are loaded from two files, and every mistake is named with its place."""

import pytest
from pydantic import ValidationError

from modelyard.environment import Environment, environment_names, load_environment
from modelyard.environment.loading import merged, read_settings
from modelyard.errors import InvalidSettingsError, UnknownEnvironmentError, exit_code_of

ALL = ["dev", "local", "prod", "test"]


@pytest.mark.parametrize("name", ALL)
def test_every_environment_of_the_repository_is_complete_and_valid(workspace, name):
    environment = load_environment(workspace, name)
    assert environment.name == name
    assert (environment.azure is None) == (name == "local")
    assert (environment.local is None) == (name != "local")


def test_base_is_no_environment(workspace):
    assert environment_names(workspace) == ALL
    with pytest.raises(UnknownEnvironmentError):
        load_environment(workspace, "base")


@pytest.mark.parametrize("name", ["staging", "", "../environments/dev", "dev.yaml"])
def test_an_unknown_environment_is_refused_with_those_that_exist(workspace, name):
    with pytest.raises(UnknownEnvironmentError, match="there are: dev, local, prod, test") as refused:
        load_environment(workspace, name)
    assert refused.value.hint == "see them with: modelyard env list"


def test_a_value_of_the_environments_own_file_wins_over_base(workspace, rewrite):
    assert load_environment(workspace, "dev").promotion.automation == "assisted"
    rewrite("dev", "promotion:\n  automation: assisted\n", "")
    assert load_environment(workspace, "dev").promotion.automation == "manual"


def test_sections_are_merged_key_by_key_and_lists_are_replaced():
    below = {"a": {"x": 1, "y": [1, 2]}, "b": 1, "c": {"z": 1}}
    above = {"a": {"y": [3]}, "c": None, "d": {}}
    assert merged(below, above) == {"a": {"x": 1, "y": [3]}, "b": 1, "c": None, "d": {}}
    assert below == {"a": {"x": 1, "y": [1, 2]}, "b": 1, "c": {"z": 1}}


def test_each_setting_remembers_its_file_and_line(workspace):
    places = read_settings(workspace, "prod").places
    place = places["azure", "lake", "redundancy"]
    assert place.file.name == "prod.yaml"
    assert "redundancy: GZRS" in place.file.read_text(encoding="utf-8").splitlines()[place.line - 1]
    assert places["gates", "rules_engine"].file.name == "base.yaml"


def test_an_environment_cannot_be_changed(workspace):
    environment = load_environment(workspace, "local")
    with pytest.raises(ValidationError, match="frozen"):
        environment.project = "other"


def test_an_unknown_key_is_refused_and_the_nearest_one_suggested(workspace, rewrite):
    rewrite("dev", "allowed_ranges", "alowed_ranges")
    with pytest.raises(InvalidSettingsError) as refused:
        load_environment(workspace, "dev")
    line = refused.value.message.splitlines()[1]
    assert line.startswith("  environments/dev.yaml:24 azure.network.alowed_ranges: found an unknown key; allowed: ")
    assert "allowed_ranges (the nearest)" in line
    assert refused.value.hint.endswith("modelyard env check dev")
    assert exit_code_of(refused.value) == 3


@pytest.mark.parametrize("text", ["'150'", "1.5", "true", "[150]", "null", "150 EUR", "0x10", "1_000", "0150", "12:30"])
def test_a_value_of_the_wrong_type_is_refused_and_never_converted(rewrite, findings, text):
    rewrite("dev", "monthly_amount: 150", f"monthly_amount: {text}")
    (finding,) = findings("dev").values()
    assert finding.key == "azure.budget.monthly_amount"
    assert "a whole number from 1 to 10000000" in finding.allowed
    assert finding.place.line == 42


def test_a_missing_setting_is_asked_for_in_the_environments_own_file(rewrite, findings):
    rewrite("dev", "  subscription_id: 00000000-0000-0000-0000-0000000000d1\n", "")
    (finding,) = findings("dev").values()
    assert finding.key == "azure.subscription_id"
    assert "missing" in finding.found
    assert finding.place.file.name == "dev.yaml"


def test_all_mistakes_of_both_files_are_named_at_once(rewrite, findings):
    rewrite("dev", "sku: Basic", "sku: basic")
    rewrite("dev", "public_access: true", "public_access: on")
    rewrite("dev", "monthly_amount: 150", "amount: 150")
    rewrite("base", "workers: 1", "workers: 0")
    assert set(findings("dev")) == {
        "azure.registry.sku",
        "azure.network.public_access",
        "azure.budget.monthly_amount",
        "azure.budget.amount",
        "tracking.workers",
        "serving.workers",
    }


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("tracking: auto", "tracking: Auto", "local.ports.tracking"),
        ("tracking: auto", "tracking: 80", "local.ports.tracking"),
        ("tracking: auto", "tracking: 70000", "local.ports.tracking"),
        (": auto", ": 5000", "local.ports.model_api"),
    ],
)
def test_a_port_is_a_free_choice_or_auto(rewrite, findings, old, new, key):
    rewrite("local", old, new)
    assert list(findings("local")) == [key]


def test_two_fixed_ports_are_accepted(workspace, rewrite):
    rewrite("local", "tracking: auto", "tracking: 5001")
    rewrite("local", "model_api: auto", "model_api: 5002")
    assert load_environment(workspace, "local").local.ports.tracking == 5001


def test_a_file_has_to_carry_its_environments_name(rewrite, findings):
    rewrite("dev", "name: dev", "name: test")
    finding = findings("dev")["name"]
    assert finding.found == "the text 'test'"
    assert finding.allowed.startswith("dev,")


def test_the_sections_of_the_other_kind_are_refused_once_and_not_key_by_key(rewrite, findings):
    rewrite("local", "azure: null", "")
    (finding,) = findings("local").values()
    assert "azure: null in local.yaml" in finding.allowed


def test_an_azure_environment_takes_no_local_section(workspace, rewrite, findings):
    rewrite("dev", "kind: azure", "kind: azure\nlocal:\n  ports: {tracking: auto, model_api: auto}")
    assert list(findings("dev")) == ["local"]


def test_the_kind_follows_from_the_name(rewrite, findings):
    rewrite("local", "kind: local", "kind: azure")
    assert "kind" in findings("local") or "azure" in findings("local")
    rewrite("dev", "kind: azure", "kind: local")
    assert findings("dev")


def test_a_broken_base_is_told_without_a_flood_of_missing_keys(workspace, findings):
    (workspace.environments / "base.yaml").write_text("", encoding="utf-8")
    (finding,) = findings("dev").values()
    assert finding.place.file.name == "base.yaml"


def test_example_values_are_found_wherever_they_stand(workspace, rewrite):
    left = load_environment(workspace, "dev").example_values()
    assert {"azure.tenant_id", "azure.subscription_id", "azure.network.allowed_ranges.0"} <= set(left)
    rewrite("dev", "00000000-0000-0000-0000-0000000000d1", "5b0f3c1e-74d4-4a0e-9d3c-2f5d0c1d9a11")
    assert "azure.subscription_id" not in load_environment(workspace, "dev").example_values()
    assert load_environment(workspace, "local").example_values() == []


def test_dev_test_and_prod_have_the_same_settings_and_differ_only_in_values(workspace):
    def keys(value, path=""):
        if not isinstance(value, dict):
            return {path}
        return {key for name, part in value.items() for key in keys(part, f"{path}.{name}")} or {path}

    drawn = [keys(load_environment(workspace, name).model_dump()) for name in ("dev", "test", "prod")]
    assert drawn[0] == drawn[1] == drawn[2]


def test_no_two_environments_share_addresses(workspace):
    import ipaddress
    from itertools import combinations

    spaces = [
        ipaddress.ip_network(load_environment(workspace, name).azure.network.address_space)
        for name in ("dev", "test", "prod")
    ]
    assert not any(one.overlaps(other) for one, other in combinations(spaces, 2))


def test_the_typed_model_refuses_what_the_files_must_not_say_without_a_file_too(workspace):
    values = load_environment(workspace, "local").model_dump()
    values["unknown"] = 1
    with pytest.raises(ValidationError):
        Environment.model_validate(values)
