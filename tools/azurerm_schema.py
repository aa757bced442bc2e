"""Restates which arguments the azurerm and azapi providers take, from the bindings that CDK Terrain publishes.

The bindings are made from `terraform providers schema`; their jsii assembly names every argument, its type and whether
it is required. Only such facts are kept, for the resource types that we render. To move to a newer provider:

    pip download --no-deps -d WHEELS cdktn-provider-azurerm==VERSION cdktn-provider-azapi==VERSION
    python tools/azurerm_schema.py WHEELS/*.whl
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "infra" / "src" / "modelyard_infra" / "terraform" / "azurerm_schema.json"
WANTED = frozenset(
    {
        "azapi_resource",
        "azapi_update_resource",
        "azurerm_consumption_budget_resource_group",
        "azurerm_container_app",
        "azurerm_container_app_environment",
        "azurerm_container_app_job",
        "azurerm_container_registry",
        "azurerm_databricks_access_connector",
        "azurerm_databricks_workspace",
        "azurerm_federated_identity_credential",
        "azurerm_key_vault",
        "azurerm_log_analytics_workspace",
        "azurerm_management_lock",
        "azurerm_monitor_action_group",
        "azurerm_monitor_diagnostic_setting",
        "azurerm_monitor_metric_alert",
        "azurerm_monitor_scheduled_query_rules_alert_v2",
        "azurerm_nat_gateway",
        "azurerm_nat_gateway_public_ip_association",
        "azurerm_network_security_group",
        "azurerm_postgresql_flexible_server",
        "azurerm_postgresql_flexible_server_active_directory_administrator",
        "azurerm_postgresql_flexible_server_configuration",
        "azurerm_postgresql_flexible_server_database",
        "azurerm_private_dns_a_record",
        "azurerm_private_dns_zone",
        "azurerm_private_dns_zone_virtual_network_link",
        "azurerm_private_endpoint",
        "azurerm_public_ip",
        "azurerm_resource_group",
        "azurerm_role_assignment",
        "azurerm_storage_account",
        "azurerm_storage_container",
        "azurerm_storage_data_lake_gen2_path",
        "azurerm_storage_management_policy",
        "azurerm_subnet",
        "azurerm_subnet_nat_gateway_association",
        "azurerm_subnet_network_security_group_association",
        "azurerm_user_assigned_identity",
        "azurerm_virtual_network",
    }
)
"""What the translators write. A type that is missing here is reported by the tests."""
META = frozenset({"id", "timeouts"})
"""Arguments that every resource has, and none of which we set."""
LINK = re.compile(r"/providers/(?P<source>[\w-]+/[\w-]+)/(?P<version>[\d.]+)/docs[^#]*#(?P<name>\w+) ")
READ = re.compile(r"this\.get\w+Attribute\('(\w+)'\)|new [\w.]+\(this, [\"'](\w+)[\"']")
WRITTEN = re.compile(r"^ {8}(\w+): struct\.\w+ === undefined \? null : ", re.MULTILINE)


class Binding:
    """One provider's bindings."""

    def __init__(self, wheel: Path) -> None:
        with zipfile.ZipFile(wheel) as files:
            package = next(name for name in files.namelist() if name.endswith(".jsii.tgz"))
            packed = io.BytesIO(files.read(package))
        with tarfile.open(fileobj=packed) as inside:
            self._texts = dict(_texts(inside))
        self.types: Mapping[str, Any] = json.loads(self._texts["package/.jsii"])["types"]

    def resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(Terraform's name of the type, its configuration) of every resource, and of the provider itself."""
        for name, declared in self.types.items():
            kind = self._terraform_type(declared)
            configuration = self.types.get(f"{name}Config") or self.types.get(f"{name}AConfig")
            if kind and configuration:
                yield kind, configuration

    def _terraform_type(self, declared: Mapping[str, Any]) -> str:
        if declared["kind"] != "class" or "cdktn.Terraform" not in declared.get("base", ""):
            return ""
        remarks = declared.get("docs", {}).get("summary", "")
        found = re.search(r"\{@link \S+ (\w+)\}", remarks)
        return found.group(1) if found and declared["base"] != "cdktn.TerraformDataSource" else ""

    def code(self, configuration: Mapping[str, Any]) -> str:
        """The generated code of a resource: what its attributes are called, and what must always be written."""
        source = Path(configuration["locationInModule"]["filename"])
        return self._texts[f"package/lib/{source.parent.relative_to('src').as_posix()}/index.js"]

    def arguments(self, configuration: Mapping[str, Any], code: str) -> dict[str, Any]:
        """What may be written, by Terraform's name."""
        found = {}
        for declared in configuration["properties"]:
            name = _link(declared)["name"] if _link(declared) else ""
            if name and name not in META:
                found[name] = self._argument(declared, code)
        return dict(sorted(found.items()))

    def _argument(self, declared: Mapping[str, Any], code: str) -> dict[str, Any]:
        described = json.dumps(declared["type"])
        nested = re.search(r'"fqn": "(@cdktn/[^"]+)"', described)
        argument: dict[str, Any] = {} if declared.get("optional") else {"required": True}
        if not nested:
            return {**argument, "type": _simple(declared["type"], described)}
        inside = self.types[nested.group(1)]
        arguments = self.arguments(inside, code)
        block = {**argument, "type": "block", "arguments": arguments}
        computed = sorted(_read_in(f"{inside['name']}OutputReference", code) - set(arguments))
        if computed:
            block["attributes"] = computed
        if '"array"' not in described:
            block["max"] = 1
        if _always_whole(inside["name"], code):
            block["whole"] = True
        return block


def _texts(files: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    """The assembly and the generated code, by path."""
    for member in files:
        file = files.extractfile(member)
        if file and (member.name == "package/.jsii" or member.name.endswith("/index.js")):
            yield member.name, file.read().decode()


def _link(declared: Mapping[str, Any]) -> Mapping[str, str]:
    docs = declared.get("docs", {})
    found = LINK.search(docs.get("summary", "") + docs.get("remarks", ""))
    return found.groupdict() if found else {}


def _simple(declared: Mapping[str, Any], described: str) -> str:
    if '"primitive": "any"' in described:
        return "any"
    if "collection" in declared:
        kind = "list" if declared["collection"]["kind"] == "array" else "map"
        inner = re.search(r'"primitive": "(\w+)"', described)
        return f"{kind} of {inner.group(1) if inner else 'any'}"
    if "union" in declared:
        return "boolean" if '"boolean"' in described else "any"
    return str(declared["primitive"])


def _always_whole(name: str, code: str) -> bool:
    """Whether Terraform takes this only with every argument written, null for those without a value."""
    start = code.find(f"function {name[0].lower()}{name[1:]}ToTerraform(")
    end = code.find("\n}", start)
    return start >= 0 and bool(WRITTEN.search(code, start, end))


def extract(wheels: list[Path]) -> dict[str, Any]:
    """The facts, with their source."""
    sources: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    providers: dict[str, Any] = {}
    for wheel in wheels:
        binding = Binding(wheel)
        for kind, configuration in binding.resources():
            provider, is_resource = kind.split("_")[0], "_" in kind
            if is_resource and kind not in WANTED:
                continue
            link = next(filter(None, map(_link, configuration["properties"])))
            sources[provider] = {"source": link["source"], "version": link["version"], "bindings": wheel.name}
            code = binding.code(configuration)
            arguments = binding.arguments(configuration, code)
            if is_resource:
                resources[kind] = {"arguments": arguments, "attributes": _attributes(code, configuration, arguments)}
            else:
                providers[kind] = {"arguments": arguments}
    missing = WANTED - set(resources)
    if missing:
        raise LookupError(f"the bindings know no {', '.join(sorted(missing))}")
    return {"sources": sources, "providers": providers, "resources": dict(sorted(resources.items()))}


def _attributes(code: str, configuration: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[str]:
    """What can only be read: everything that the resource's own class reads and nobody may write."""
    own = configuration["name"].removesuffix("Config")
    names = _read_in(own, code) or _read_in(own.removesuffix("A"), code)
    return sorted((names | {"id"}) - set(arguments) - {"timeouts"})


def _read_in(name: str, code: str) -> set[str]:
    """Attributes that a generated class reads."""
    start = code.find(f"class {name} ")
    end = code.find(f"exports.{name} = {name};", start)
    return {first or second for first, second in READ.findall(code[max(start, 0) : end])} if start >= 0 else set()


def main() -> int:
    """Writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", nargs="+", type=Path, help="wheels of the bindings")
    facts = extract(parser.parse_args().wheels)
    TARGET.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    sys.stderr.write(f"{len(facts['resources'])} resource types in {TARGET.relative_to(HERE.parent)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
