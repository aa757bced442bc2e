"""The Terraform rendering declares the same resources as the Pulumi rendering, with the same decisions.

This reads both with a table of its own (decisions.txt), written from Azure's and azurerm's documentation and not from
the translators: every value that Pulumi registers must stand in the Terraform JSON where the table says, and every
value of the Terraform JSON must have been registered.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ENVIRONMENTS = ("dev", "test", "prod")
META = ("//", "depends_on", "lifecycle")
OUTPUTS = {
    "principal_id": "principalId",
    "client_id": "clientId",
    "default_domain": "defaultDomain",
    "static_ip_address": "staticIp",
    "vault_uri": "properties.vaultUri",
    "fqdn": "fullyQualifiedDomainName",
    "identity[0].principal_id": "identity.principalId",
}
SIZES = {"B1ms": "B", "D2ds_v5": "GP", "D4ds_v5": "GP"}
SAYS: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "enabled": lambda value: value.lower() == "enabled",
    "the opposite": lambda value: not value,
    "in small letters": lambda value: value.lower(),
    "in MB": lambda value: value * 1024,
    "before _": lambda value: value.split("_")[0],
    "after _": lambda value: value.split("_")[1],
    "last part": lambda value: value.split("/")[-1],
    "private": lambda value: {"None": "private"}[value],
    "id": lambda value: value.replace(".name>", ".id>"),
    "size of the tier": lambda value: f"{SIZES[value.removeprefix('Standard_')]}_{value}",
    "unless Disabled": lambda value: None if value == "Disabled" else value,
}


class Row(NamedTuple):
    azure: str
    terraform: str
    says: str


COMMON = (
    Row("resourceGroupName", "resource_group_name", ""),
    Row("location", "location", ""),
    Row("tags.*", "tags.*", ""),
)


class Kind(NamedTuple):
    type: str
    owner: str
    rows: tuple[Row, ...]


def read_table() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for line in (Path(__file__).parent / "decisions.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            kind, said = line.split(" = ")
            terraform_type, _, owner = said.partition(" in ")
            kinds[kind] = Kind(terraform_type, owner, () if owner else COMMON)
            continue
        azure, terraform, *says = re.split(r"\s{2,}", line.strip())
        row = Row(azure, terraform, says[0] if says else "")
        above = kinds[kind]
        kept = (one for one in above.rows if one not in COMMON or one.azure != azure)
        kinds[kind] = above._replace(rows=(*kept, row))
    return kinds


TABLE = read_table()


class Leaf(NamedTuple):
    path: tuple[str, ...]
    value: Any


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, (*path, str(place)))
    elif value is not None:
        yield Leaf(path, value)


def matches(pattern: str, leaf: Leaf) -> list[int] | None:
    """Where the pattern's stars stand in a leaf's path; None when it is another path."""
    parts = pattern.split(".")
    if len(parts) != len(leaf.path):
        return None
    if any(part not in ("*", name) for part, name in zip(parts, leaf.path, strict=True)):
        return None
    return [place for place, part in enumerate(parts) if part == "*"]


def filled(pattern: str, leaf: Leaf, stars: list[int]) -> str:
    """A Terraform path with the leaf's names and places put in."""
    left = iter(stars)
    return ".".join(leaf.path[next(left)] if part == "*" else part for part in pattern.split("."))


def written_in_terraform(configuration: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every value of the Terraform JSON, by type, the blueprint's key, and path; references as <key.output>."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for terraform_type, resources in configuration["resource"].items():
        for name, said in resources.items():
            stated = {argument: value for argument, value in said.items() if argument not in META}
            found[terraform_type, name.replace("_", "-")] = {
                ".".join(leaf.path): in_plain_words(leaf.value) for leaf in leaves(stated)
            }
    return found


def in_plain_words(value: Any) -> Any:
    if not isinstance(value, str):
        return value

    def reference(found: re.Match[str]) -> str:
        return f"<{found['name'].replace('_', '-')}.{OUTPUTS.get(found['attribute'], found['attribute'])}>"

    plain = re.sub(r"\$\{\w+\.(?P<name>\w+)\.(?P<attribute>[^}]+)\}", reference, value)
    return plain.replace("<lake-account.id>/blobServices/default", "<lake-blob-service.id>")


def kind_of(token: str) -> str:
    return token.removeprefix("azure-native:")


def in_azurerms_order(inputs: dict[str, Any]) -> dict[str, Any]:
    """Probes by their type, and notifications, which are a set in Azure, by their threshold."""
    if "notifications" in inputs:
        inputs["notifications"] = sorted(inputs["notifications"].values(), key=lambda one: one["threshold"])
    for container in inputs.get("template", {}).get("containers", []):
        if "probes" in container:
            container["probes"] = {probe.pop("type"): probe for probe in container["probes"]}
    return inputs


def differences(registered: list[dict[str, Any]], configuration: Mapping[str, Any]) -> list[str]:
    """What one rendering declares and the other does not."""
    written = written_in_terraform(configuration)
    accounted: dict[tuple[str, str], set[str]] = {address: set() for address in written}
    found: list[str] = []
    for one in registered:
        kind = TABLE[kind_of(one["type"])]
        inputs = in_azurerms_order(copy.deepcopy(one["inputs"]))
        key = re.sub(r"<(.+)\.name>", r"\1", inputs[kind.owner]) if kind.owner else one["key"]
        if kind.owner:
            del inputs[kind.owner]
        if (kind.type, key) not in written:
            found.append(f"{one['key']} is missing")
            continue
        for leaf in leaves(inputs):
            found += compare(kind, (kind.type, key), leaf, written, accounted)
        for row in kind.rows:
            if row.azure == "-":
                found += said_anyway(row, (kind.type, key), written, accounted)
    for address, values in written.items():
        found += [
            f"{'.'.join(address)} says {path}, which nobody registered" for path in values.keys() - accounted[address]
        ]
    return found


def compare(kind: Kind, own: tuple[str, str], leaf: Leaf, written: Any, accounted: Any) -> Iterator[str]:
    rows = [(row, stars) for row in kind.rows if (stars := matches(row.azure, leaf)) is not None]
    where = f"{own[1]}.{'.'.join(leaf.path)}"
    if not rows:
        yield f"{where} is not in the table"
    for row, stars in rows:
        if row.terraform == "-":
            if row.says.startswith("always ") and str(leaf.value) != row.says.removeprefix("always "):
                yield f"{where} is {leaf.value!r}, and Terraform cannot say so"
            continue
        companion, _, pattern = row.terraform.rpartition(":")
        address = (companion or own[0], own[1])
        path, wanted = filled(pattern, leaf, stars), SAYS[row.says](leaf.value)
        if address not in written:
            yield f"{where}: {companion} is missing"
            continue
        accounted[address].add(path)
        if companion:
            accounted[address] |= {name for name, value in written[address].items() if value == f"<{own[1]}.id>"}
        said = written[address].get(path)
        if said != wanted or isinstance(said, bool) is not isinstance(wanted, bool):
            yield f"{where} is {wanted!r}, and Terraform says {said!r} at {path}"


def said_anyway(row: Row, address: tuple[str, str], written: Any, accounted: Any) -> Iterator[str]:
    accounted[address].add(row.terraform)
    said = written[address].get(row.terraform)
    if row.says.startswith("always ") and str(said) != row.says.removeprefix("always "):
        yield f"{address[1]}: Terraform says {said!r} at {row.terraform}"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_both_renderings_declare_the_same_resources_with_the_same_decisions(name, registered, renderings):
    assert differences(registered[name], renderings[name].read()) == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_pulumi_registers_exactly_the_resources_of_the_graph(name, registered, blueprints):
    graph = blueprints[name].graph
    assert {one["key"]: kind_of(one["type"]) for one in registered[name]} == {one.key: one.kind for one in graph}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_both_protect_what_holds_data_and_nothing_else(name, blueprints, renderings):
    declared = renderings[name].read()["resource"]
    kept = {
        resource.replace("_", "-")
        for resources in declared.values()
        for resource, said in resources.items()
        if said.get("lifecycle", {}).get("prevent_destroy")
    }
    assert kept == {resource.key for resource in blueprints[name].graph if resource.holds_data}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_both_connect_the_platform_to_the_same_places(name, blueprints, renderings):
    said = in_plain_words(json.dumps(renderings[name].read()["output"]["connections"]["value"]))
    connections = json.loads(said)
    assert set(connections) == set(blueprints[name].connections)
    assert connections["lake"] == blueprints[name].connections["lake"]
    assert connections["tracking"].endswith(".<apps-environment.defaultDomain>")


def flip(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(configuration: dict[str, Any]) -> None:
        *above, last = path.split(".")
        inside: Any = configuration["resource"]
        for part in above:
            inside = inside[int(part)] if part.isdigit() else inside[part]
        inside[int(last) if last.isdigit() else last] = value

    return change


def drop(kind: str, name: str) -> Callable[[dict[str, Any]], None]:
    return lambda configuration: configuration["resource"][kind].pop(name)


def add_container(configuration: dict[str, Any]) -> None:
    configuration["resource"]["azurerm_storage_container"]["more"] = {"name": "more"}


MUTATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an older TLS": flip("azurerm_storage_account.lake_account.min_tls_version", "TLS1_0"),
    "shared keys": flip("azurerm_storage_account.lake_account.shared_access_key_enabled", True),
    "an open firewall": flip("azurerm_storage_account.lake_account.network_rules.0.default_action", "Allow"),
    "a shorter soft delete": flip(
        "azurerm_storage_account.lake_account.blob_properties.0.delete_retention_policy.0.days", 1
    ),
    "a role on another scope": flip(
        "azurerm_role_assignment.role_mlflow_images.scope", "${azurerm_resource_group.group.id}"
    ),
    "a rule for everybody": flip(
        "azurerm_network_security_group.nsg_container_apps.security_rule.0.source_address_prefix", "*"
    ),
    "a smaller database": flip("azurerm_postgresql_flexible_server.postgres.sku_name", "B_Standard_B1ms"),
    "no mutual TLS": flip("azurerm_container_app_environment.apps_environment.mutual_tls_enabled", False),
    "sign-in switched off": flip("azapi_resource.mlflow_sign_in.body.properties.platform.enabled", False),
    "no lock": drop("azurerm_management_lock", "group_lock"),
    "a subnet without its security group": drop("azurerm_subnet_network_security_group_association", "subnet_postgres"),
    "a missing folder": drop("azurerm_storage_data_lake_gen2_path", "lake_folder_raw"),
    "one container more": add_container,
    "an argument more": flip("azurerm_container_registry.registry.network_rule_bypass_for_tasks_enabled", True),
    "an image by another digest": flip("azurerm_container_app.mlflow.template.0.container.0.image", "mlflow:latest"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_rendering_that_says_something_else_is_caught(mutation, registered, renderings):
    configuration = copy.deepcopy(dict(renderings["prod"].read()))
    MUTATIONS[mutation](configuration)
    assert differences(registered["prod"], configuration) != []
