"""Azure's types as github.com/Azure/bicep-types-az restates them: one file of numbered types for each API version."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
BOUNDS = {
    "pattern": "pattern",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minValue": "minimum",
    "maxValue": "maximum",
}


@dataclass
class Specification:
    """Azure's types, read from a git repository without checking anything out."""

    repository: Path

    @cached_property
    def commit(self) -> str:
        """The commit that is read."""
        return self._git("rev-parse", "HEAD").strip()

    def resource(self, arm: str, version: str) -> Node:
        """The body of a resource type in one version of its API."""
        folder = f"/{arm.split('/', maxsplit=1)[0].lower()}/{version}/types.json"
        for path in self._files:
            if path.endswith(folder):
                types = json.loads(self._git("show", f"HEAD:{path}"))
                for found in types:
                    if found["$type"] == "ResourceType" and found["name"].lower() == f"{arm}@{version}".lower():
                        return Node(types, found).to(found["body"])
        raise LookupError(f"no {arm}@{version} in {self.repository}")

    @cached_property
    def _files(self) -> list[str]:
        listed = self._git("ls-tree", "-r", "--name-only", "HEAD", "generated")
        return [line for line in listed.splitlines() if line.endswith("/types.json")]

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.repository), *arguments]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@dataclass
class Node:
    """One type of the specification."""

    types: list[Json]
    raw: Json

    def to(self, reference: Json) -> Node:
        """The type that a reference leads to."""
        return Node(self.types, self.types[int(reference["$ref"].rsplit("/", 1)[1])])

    @property
    def properties(self) -> dict[str, Json]:
        """An object's own properties; a union's shared ones."""
        found: dict[str, Json] = self.raw.get("properties") or self.raw.get("baseProperties") or {}
        return found

    @property
    def choices(self) -> dict[str, Node]:
        """What a discriminated object may be, by the discriminator's value."""
        elements = self.raw.get("elements")
        stated = elements if isinstance(elements, dict) else {}
        return {value: self.to(reference) for value, reference in stated.items()}

    @property
    def items(self) -> Node | None:
        """The type of an array's items or of a map's values."""
        reference = self.raw.get("itemType") or self.raw.get("additionalProperties")
        return self.to(reference) if reference else None

    @property
    def is_map(self) -> bool:
        """Whether the keys are the user's own."""
        return self.raw["$type"] == "ObjectType" and bool(self.raw.get("additionalProperties"))

    def find(self, name: str) -> tuple[str, Json, Node] | None:
        """Where a property of the SDK stands: its path, what is said of it there, and its type."""
        first, _, rest = name.partition(".")
        for own, stated in self.properties.items():
            if _same(own, first):
                node = self.to(stated["type"])
                return _below(own, node.find(rest)) if rest else (own, stated, node)
        inner = self.properties.get("properties")
        return _below("properties", self.to(inner["type"]).find(name)) if inner else None

    @property
    def values(self) -> tuple[list[str], bool]:
        """The values that are named, and whether others are accepted too."""
        if self.raw["$type"] == "StringLiteralType":
            return [self.raw["value"]], False
        if self.raw["$type"] != "UnionType":
            return [], True
        parts = [self.to(reference).raw for reference in self.raw["elements"]]
        named = [part["value"] for part in parts if part["$type"] == "StringLiteralType"]
        return named, len(named) < len(parts)

    @property
    def bounds(self) -> Json:
        """Pattern, lengths, smallest and largest value, as far as stated."""
        found = {ours: self.raw[theirs] for theirs, ours in BOUNDS.items() if theirs in self.raw}
        lengths = ("min_length", "max_length")
        if self.raw["$type"] == "ArrayType":
            found = {key.replace("length", "items") if key in lengths else key: value for key, value in found.items()}
        return found


def _below(name: str, found: tuple[str, Json, Node] | None) -> tuple[str, Json, Node] | None:
    return (f"{name}.{found[0]}", found[1], found[2]) if found else None


def _same(theirs: str, name: str) -> bool:
    return theirs == name or re.sub(r"\W", "", theirs).lower() == name.lower()
