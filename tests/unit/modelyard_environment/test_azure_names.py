"""Names of Azure resources follow Azure's rules, and stay the same."""

import re

import pytest

from modelyard.environment.azure_names import NAME_RULES, ONE_EACH, NameParts, illegal_names, name_of, why_refused
from modelyard.environment.azure_regions import REGIONS
from modelyard.environment.loading import load_environment

PARTS = NameParts("myard", "prod", "weu", "5b0f3c1e-74d4-4a0e-9d3c-2f5d0c1d9a11")
LEGAL = [
    ("storage account", "abc"),
    ("storage account", "a" * 24),
    ("storage account", "0lake9"),
    ("key vault", "kv-a-1"),
    ("key vault", "K" * 24),
    ("registry", "AbC12"),
    ("registry", "a" * 50),
    ("container app", "ab"),
    ("container app", "flight-delay"),
    ("container app", "a" * 32),
    ("postgres server", "0-a"),
    ("postgres server", "p" * 63),
    ("resource group", "rg.(a)_-b"),
    ("resource group", "r" * 90),
    ("file system", "lake-1"),
    ("virtual network", "v_"),
    ("databricks workspace", "d_b-1"),
    ("databricks workspace", "d" * 64),
    ("state vault", "kvs1"),
    ("alert", "jobs failed (prod)"),
    ("container environment", "c" * 60),
]
ILLEGAL = [
    ("storage account", "ab"),
    ("storage account", "a" * 25),
    ("storage account", "Lake1"),
    ("storage account", "la-ke"),
    ("storage account", "läke"),
    ("key vault", "kv--a"),
    ("key vault", "kv-"),
    ("key vault", "1kv"),
    ("key vault", "k" * 25),
    ("key vault", "kv_a"),
    ("registry", "abcd"),
    ("registry", "a" * 51),
    ("registry", "a-bcde"),
    ("container app", "a"),
    ("container app", "a" * 33),
    ("container app", "1app"),
    ("container app", "App"),
    ("container app", "app-"),
    ("container app", "a--b"),
    ("container app", "a_b"),
    ("postgres server", "ab"),
    ("postgres server", "p" * 64),
    ("postgres server", "-abc"),
    ("postgres server", "abc-"),
    ("postgres server", "Abc"),
    ("resource group", "rg."),
    ("resource group", "r" * 91),
    ("resource group", "r g"),
    ("resource group", "rg\n"),
    ("file system", "la--ke"),
    ("file system", "-lake"),
    ("file system", "Lake"),
    ("virtual network", "_v"),
    ("virtual network", "v."),
    ("databricks workspace", "d" * 65),
    ("postgres server", "a--b"),
    ("alert", "a@b"),
    ("alert", "a{b}"),
    ("alert", "a."),
    ("state vault", "kvs--1"),
    ("state vault", "k" * 25),
    ("private endpoint", "p"),
    ("private endpoint", "p" * 65),
    ("budget", "b" * 64),
    ("log workspace", "log"),
]


@pytest.mark.parametrize(("kind", "name"), LEGAL)
def test_accepts_what_azure_accepts(kind, name):
    assert why_refused(kind, name) == ""


@pytest.mark.parametrize(("kind", "name"), ILLEGAL)
def test_refuses_what_azure_refuses_and_says_what_is_allowed(kind, name):
    assert NAME_RULES[kind].allowed in why_refused(kind, name)


@pytest.mark.parametrize("kind", ONE_EACH)
def test_every_kind_gets_a_legal_name_in_every_environment(workspace, kind):
    for name in ("dev", "test", "prod"):
        environment = load_environment(workspace, name)
        assert why_refused(kind, environment.azure_name(kind)) == ""


def test_no_two_kinds_and_no_two_environments_share_a_name(workspace):
    environments = [load_environment(workspace, name) for name in ("dev", "test", "prod")]
    names = [environment.azure_name(kind) for environment in environments for kind in ONE_EACH]
    assert len(set(names)) == len(names)


def test_names_are_the_same_every_time_because_azure_resources_cannot_be_renamed():
    assert name_of("storage account", PARTS) == "stmyardprodweu" + PARTS.suffix
    assert name_of("key vault", PARTS) == f"kv-myard-prod-weu-{PARTS.suffix}"
    assert name_of("subnet", PARTS, "postgres") == "snet-myard-postgres-prod-weu"
    assert PARTS.suffix == "deufg"


def test_worldwide_names_differ_between_subscriptions_and_others_do_not():
    other = PARTS._replace(subscription_id="00000000-0000-0000-0000-000000000000")
    for kind in ONE_EACH:
        assert (name_of(kind, PARTS) != name_of(kind, other)) == NAME_RULES[kind].worldwide
    assert re.fullmatch("[a-z2-7]{5}", other.suffix)


def test_a_prefix_that_makes_one_name_too_long_is_refused(rewrite, findings):
    assert not list(illegal_names(PARTS))
    rewrite("base", "naming_prefix: myard", "naming_prefix: modelyard")
    finding = findings("prod")["azure.naming_prefix"]
    assert "kv-modelyard-prod-weu-" in finding.found
    assert "key vault" in finding.allowed
    assert finding.place.file.name == "base.yaml"


@pytest.mark.parametrize("prefix", ["My", "my-yard", "1yard", "''", "mÿ"])
def test_a_prefix_with_other_characters_is_refused(rewrite, findings, prefix):
    rewrite("base", "naming_prefix: myard", f"naming_prefix: {prefix}")
    assert list(findings("dev")) == ["azure.naming_prefix"]


@pytest.mark.parametrize("name", ["Lake", "la--ke", "ab", "lake-", "a" * 64])
def test_an_illegal_file_system_is_refused_in_local_too(rewrite, findings, name):
    rewrite("base", "file_system: lake", f"file_system: {name}")
    assert list(findings("local")) == ["lake.file_system"]


def test_a_local_environment_has_no_azure_names(workspace):
    with pytest.raises(ValueError, match="local is not in Azure"):
        load_environment(workspace, "local").azure_name("registry")


def test_every_kind_gets_a_legal_name_in_every_region_with_the_longest_prefix_that_fits():
    """A prefix that an environment accepts in one region must not fail in another, where the code is longer."""
    for region in REGIONS.values():
        parts = PARTS._replace(region_code=region.code)
        assert not list(illegal_names(parts)), region


def test_regions_are_those_of_azures_list():
    """Zones and pairs as "Azure regions list" has them; a pair is another region, and pairs are mutual but for two."""
    without_zones = {name for name, region in REGIONS.items() if not region.zones}
    assert without_zones == {
        *("australiasoutheast", "canadaeast", "northcentralus", "southindia", "ukwest", "westcentralus", "westus")
    }
    one_way = {name for name, region in REGIONS.items() if region.pair in REGIONS and REGIONS[region.pair].pair != name}
    assert one_way == {"brazilsouth", "westus3"}
    assert all(region.pair != name for name, region in REGIONS.items())
    assert {name for name, region in REGIONS.items() if not region.pair} == {
        *("israelcentral", "italynorth", "mexicocentral", "newzealandnorth", "polandcentral", "qatarcentral"),
        "spaincentral",
    }


def test_region_codes_are_short_and_unambiguous():
    codes = [region.code for region in REGIONS.values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[a-z]{2,4}[0-9]?", code) and len(code) <= 4 for code in codes)
