"""The tables fit together: what is kept by hand speaks of properties that the specification has."""

import json
import re
import subprocess
import sys
from importlib.resources import files

import pytest

from modelyard_infra.catalogue import AzureType, Shape, UnknownKindError, load_catalogue

FACTS = files("modelyard_infra.catalogue") / "facts"
SHARED = json.loads((FACTS / "shared.json").read_bytes())
NAMESPACES = sorted(path.name for path in FACTS.iterdir() if path.name != "shared.json")


def stated_in(name: str) -> dict:
    return json.loads((FACTS / name).read_bytes())


def shape_at(azure_type: AzureType, path: str) -> Shape | None:
    first, *rest = path.split(".")
    shape = azure_type.shape.get(first.removesuffix("[]"))
    for part in rest:
        inner = shape.items if shape and shape.type == "array" else shape
        shape = inner.properties.get(part.removesuffix("[]")) if inner else None
    return shape


def sources_in(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["source"]] if isinstance(value.get("source"), str) else []
        return own + [source for part in value.values() for source in sources_in(part)]
    return [source for part in value for source in sources_in(part)] if isinstance(value, list) else []


@pytest.fixture(params=list(load_catalogue()))
def azure_type(request) -> AzureType:
    return load_catalogue()[request.param]


def test_the_kinds_of_a_machine_learning_platform_are_there():
    kinds = set(load_catalogue())
    assert {"storage:StorageAccount", "app:ContainerApp", "databricks:Workspace", "modelyard:azure:LakeFolder"} <= kinds
    assert len(kinds) >= 39


def test_a_kind_without_a_table_is_an_error_that_names_the_others():
    with pytest.raises(UnknownKindError, match=r"^the catalogue has no table of network:VirtualWan; its kinds: app:"):
        load_catalogue()["network:VirtualWan"]
    assert "network:VirtualWan" not in load_catalogue()
    assert "compute:Disk" not in load_catalogue()


def test_one_kind_reads_one_namespace_only():
    script = (
        "import sys; from modelyard_infra.catalogue import load_catalogue\n"
        "catalogue = load_catalogue(); catalogue['keyvault:Vault'].shape\n"
        "print(sorted(catalogue._namespaces), 'pulumi' in sys.modules, 'pulumi_azure_native' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['keyvault'] False False"


def test_every_part_of_an_address_is_a_required_input(azure_type):
    for name in azure_type.path_parameters:
        if name != "subscriptionId":
            assert azure_type.shape[name].required
            assert azure_type.shape[name].in_path
            assert name in azure_type.replaces


def test_the_id_ends_with_the_types_own_place_and_name(azure_type):
    if azure_type.arm and "/" in azure_type.arm and azure_type.arm != "Microsoft.Resources/resourceGroups":
        parts = azure_type.id_template.rsplit("/providers/", 1)[1].split("/")
        stated = "/".join([parts[0], *parts[1::2]]).replace("{recordType}", "A")
        assert stated == azure_type.arm
    assert azure_type.id_template.endswith(f"{{{azure_type.name_property}}}")


def test_every_pattern_is_a_regular_expression(azure_type):
    def patterns(level, seen):
        for shape in level.values():
            yield shape.pattern
            inner = shape.items or shape
            for name in inner.members.values():
                if name not in seen:
                    seen.add(name)
                    yield from patterns(inner.objects[name].properties, seen)

    for pattern in patterns(azure_type.shape, set()):
        re.compile(pattern)


def test_what_replaces_is_refused_or_filled_in_is_a_property(azure_type):
    named = {*azure_type.replaces, *azure_type.fills_in, *(refusal.path for refusal in azure_type.refuses)}
    unknown = {path for path in named if shape_at(azure_type, path.removesuffix(".value")) is None}
    assert unknown == set()
    assert azure_type.engine_replaces <= azure_type.replaces


def test_what_is_computed_is_an_output_or_an_input(azure_type):
    for path in azure_type.computed:
        assert azure_type.has_output(path), path


def test_conditions_speak_of_properties(azure_type):
    for condition in azure_type.conditions:
        for path in [*condition.when, *condition.then]:
            assert shape_at(azure_type, path) is not None, f"{condition.says}: {path}"


@pytest.mark.parametrize("name", NAMESPACES)
def test_rules_kept_by_hand_are_about_what_the_table_has(name):
    facts = stated_in(name)
    table = json.loads((FACTS.parent / "types" / name).read_bytes())
    assert set(facts["kinds"]) == set(table["kinds"])
    for part in ("objects", "object_conditions"):
        assert set(facts.get(part, {})) <= set(table["objects"])
    for owner, rules in facts.get("objects", {}).items():
        assert set(rules) <= set(table["objects"][owner]), owner
    for owner, conditions in facts.get("object_conditions", {}).items():
        for condition in conditions:
            assert {*condition["when"], *condition["then"]} <= set(table["objects"][owner]), owner
    for kind, said in facts["kinds"].items():
        assert set(said.get("rules", {})) <= set(table["kinds"][kind]["properties"]), kind


@pytest.mark.parametrize("name", NAMESPACES)
def test_everything_kept_by_hand_has_a_source(name):
    facts = stated_in(name)
    stated = [source for kind in facts["kinds"].values() for source in kind.get("replaces", {}).values()]
    assert {*sources_in(facts), *stated} <= set(SHARED["sources"]) | set(facts.get("sources", {}))
    rules = [rule for said in facts["kinds"].values() for rule in said.get("rules", {}).values()]
    rules += [rule for said in facts.get("objects", {}).values() for rule in said.values()]
    assert all("source" in rule for rule in [*rules, *facts.get("parameters", {}).values()])


def test_top_level_is_what_arm_keeps_beside_properties():
    catalogue = load_catalogue()
    assert catalogue["storage:StorageAccount"].top_level == {
        *("location", "tags", "sku", "kind", "identity", "extendedLocation")
    }
    assert "properties" in catalogue["keyvault:Vault"].top_level
    assert "zones" in catalogue["network:PublicIPAddress"].top_level


def test_outputs_are_known_to_be_there_or_not():
    account, vault = (load_catalogue()[kind] for kind in ("storage:StorageAccount", "keyvault:Vault"))
    assert account.has_output("primaryEndpoints.dfs")
    assert account.has_output("accountName")
    assert vault.has_output("properties.vaultUri")
    assert not vault.has_output("vaultUri")
    assert load_catalogue()["databricks:AccessConnector"].has_output("identity.principalId")
    assert not load_catalogue()["databricks:AccessConnector"].has_output("identity.principal")


def test_azure_native_does_not_know_every_property_that_cannot_change():
    environment = load_catalogue()["app:ManagedEnvironment"]
    assert {"vnetConfiguration", "zoneRedundant"} <= environment.replaces - environment.engine_replaces
    assert {"isHnsEnabled", "location"} <= load_catalogue()["storage:StorageAccount"].engine_replaces


def test_names_unique_in_all_of_azure_are_marked():
    worldwide = {kind for kind, azure_type in load_catalogue().items() if azure_type.worldwide}
    assert worldwide == {
        *("storage:StorageAccount", "keyvault:Vault", "containerregistry:Registry", "dbforpostgresql:Server")
    }


def test_a_vault_does_not_lose_its_purge_protection():
    refusals = {refusal.path: refusal for refusal in load_catalogue()["keyvault:Vault"].refuses}
    purge, days = (refusals[f"properties.{name}"] for name in ("enablePurgeProtection", "softDeleteRetentionInDays"))
    assert purge.refuses(True, None)
    assert not purge.refuses(None, True)
    assert days.refuses(90, 7)
    assert not days.refuses(90, 90)


def test_a_server_grows_and_never_shrinks():
    refusals = {refusal.path: refusal for refusal in load_catalogue()["dbforpostgresql:Server"].refuses}
    assert refusals["storage.storageSizeGB"].refuses(128, 64)
    assert not refusals["storage.storageSizeGB"].refuses(64, 128)
    assert refusals["version"].refuses("17", "16")


def test_an_account_does_not_become_zone_redundant_by_an_update():
    refusals = [refusal for refusal in load_catalogue()["storage:StorageAccount"].refuses if refusal.path == "sku.name"]
    assert any(refusal.refuses("Standard_LRS", "Standard_ZRS") for refusal in refusals)
    assert not any(refusal.refuses("Standard_LRS", "Standard_GRS") for refusal in refusals)
