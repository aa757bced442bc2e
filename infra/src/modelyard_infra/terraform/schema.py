"""Whether a configuration is one that the azurerm and azapi providers take, without asking a provider.

azurerm_schema.json restates their arguments. It knows names, types, and what is required; it does not know which
words an argument allows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from modelyard_infra.terraform.blocks import Json

META = frozenset({"//", "depends_on", "lifecycle", "provider", "count", "for_each"})
"""What Terraform itself takes in every resource."""
EXPRESSION = re.compile(r"(?<!\$)\$\{(?P<address>[a-z0-9_]+\.[a-z0-9_]+)\.(?P<path>[^}]+)\}")
TYPES: Mapping[str, tuple[type, ...]] = {"string": (str, int, float), "number": (int, float), "boolean": (bool,)}
"""What may stand for a type in JSON. Terraform makes a text of a number by itself."""


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """Something that Terraform would refuse."""

    address: str
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.address}: {self.path}: {self.what}"


@dataclass(frozen=True, slots=True)
class Schema:
    """What the providers take."""

    sources: Mapping[str, Mapping[str, str]]
    providers: Mapping[str, Any]
    resources: Mapping[str, Any]

    def required_provider(self, name: str) -> dict[str, str]:
        """Source and version of a provider, as `required_providers` says it: this minor version or a later one."""
        stated = self.sources[name]
        return {"source": stated["source"], "version": f"~> {'.'.join(stated['version'].split('.')[:2])}"}


@cache
def load_schema() -> Schema:
    """The restated schema."""
    stated = json.loads((files("modelyard_infra.terraform") / "azurerm_schema.json").read_text(encoding="utf-8"))
    return Schema(stated["sources"], stated["providers"], stated["resources"])


def problems(configuration: Mapping[str, Any]) -> list[SchemaProblem]:
    """What Terraform would refuse in a configuration (the content of a cdk.tf.json)."""
    return list(_problems(configuration, load_schema()))


def _problems(configuration: Mapping[str, Any], schema: Schema) -> Iterator[SchemaProblem]:
    for name, blocks in configuration.get("provider", {}).items():
        for block in blocks:
            yield from _arguments(f"provider.{name}", "", block, schema.providers[name]["arguments"])
    declared = configuration.get("resource", {})
    for kind, resources in declared.items():
        for name, written in resources.items():
            address = f"{kind}.{name}"
            if kind not in schema.resources:
                yield SchemaProblem(address, "", "no such resource type in the schema")
                continue
            arguments = {argument: value for argument, value in written.items() if argument not in META}
            yield from _arguments(address, "", arguments, schema.resources[kind]["arguments"])
            yield from _references(address, written, declared, schema)
    yield from _references("output", configuration.get("output", {}), declared, schema)


def _arguments(
    address: str, before: str, written: Mapping[str, Any], stated: Mapping[str, Any], *, is_whole: bool = False
) -> Iterator[SchemaProblem]:
    for name, value in written.items():
        path = f"{before}{name}"
        if name not in stated:
            yield SchemaProblem(address, path, "no such argument")
        elif value is None:
            if not is_whole:
                yield SchemaProblem(address, path, "null, where nothing should stand")
        else:
            yield from _value(address, path, value, stated[name])
    for name, argument in stated.items():
        if name not in written and (argument.get("required") or is_whole):
            yield SchemaProblem(address, f"{before}{name}", "required, and missing")


def _value(address: str, path: str, value: Json, stated: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    kind = stated["type"]
    if kind == "block":
        yield from _blocks(address, path, value, stated)
    elif kind.startswith("list of"):
        if not isinstance(value, list) or not all(_fits(item, kind.removeprefix("list of ")) for item in value):
            yield SchemaProblem(address, path, f"a {kind}, not {value!r}")
    elif kind.startswith("map of"):
        if not isinstance(value, Mapping) or not all(
            _fits(item, kind.removeprefix("map of ")) for item in value.values()
        ):
            yield SchemaProblem(address, path, f"a {kind}, not {value!r}")
    elif not _fits(value, kind):
        yield SchemaProblem(address, path, f"a {kind}, not {value!r}")


def _blocks(address: str, path: str, value: Json, stated: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    if not isinstance(value, list):
        yield SchemaProblem(address, path, "a block is written as a list")
        return
    if len(value) > stated.get("max", len(value)):
        yield SchemaProblem(address, path, f"{stated['max']} at most, not {len(value)}")
    if stated.get("required") and not value:
        yield SchemaProblem(address, path, "required, and missing")
    for place, block in enumerate(value):
        inside = f"{path}[{place}]."
        yield from _arguments(address, inside, block, stated["arguments"], is_whole=stated.get("whole", False))


def _fits(value: Json, kind: str) -> bool:
    if kind == "any" or (isinstance(value, str) and EXPRESSION.search(value)):
        return True
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _references(address: str, written: Json, declared: Mapping[str, Any], schema: Schema) -> Iterator[SchemaProblem]:
    """Expressions that lead to no resource, or to an attribute that it has not."""
    for path, text in _texts(written, ""):
        for found in EXPRESSION.finditer(text):
            kind, _, name = found["address"].partition(".")
            attribute = re.split(r"[.\[]", found["path"])[0]
            if name not in declared.get(kind, {}):
                yield SchemaProblem(address, path, f"{found['address']} does not exist")
            elif attribute not in {*schema.resources[kind]["arguments"], *schema.resources[kind]["attributes"]}:
                yield SchemaProblem(address, path, f"{kind} has no {attribute}")
    for wanted in written.get("depends_on", []) if isinstance(written, Mapping) else []:
        kind, _, name = wanted.partition(".")
        if name not in declared.get(kind, {}):
            yield SchemaProblem(address, "depends_on", f"{wanted} does not exist")


def _texts(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _texts(part, f"{path}[{place}]")
