"""Reads the catalogue's tables: one namespace at a time, when one of its kinds is first asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from modelyard_infra.catalogue.conditions import read_conditions
from modelyard_infra.catalogue.kinds import AzureType, Refusal
from modelyard_infra.catalogue.shapes import Objects

KNOWN_TO_THE_ENGINE = ("engine", "mutability")
"""Sources of a replacement from which azure-native takes its own."""


class UnknownKindError(KeyError):
    """A kind of which no table speaks. A mapping's key, so that `in` and `get` work; its text is shown as it is."""

    __str__ = Exception.__str__


class Catalogue(Mapping[str, AzureType]):
    """All kinds that the blueprint may use."""

    def __init__(self) -> None:
        self._namespaces: dict[str, Mapping[str, AzureType]] = {}

    def __getitem__(self, kind: str) -> AzureType:
        try:
            return self._namespace(kind.rsplit(":", 1)[0])[kind]
        except (KeyError, FileNotFoundError):
            raise UnknownKindError(f"the catalogue has no table of {kind}; its kinds: {', '.join(self)}") from None

    def __iter__(self) -> Iterator[str]:
        for namespace in _namespaces():
            yield from self._namespace(namespace)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _namespace(self, name: str) -> Mapping[str, AzureType]:
        if name not in self._namespaces:
            self._namespaces[name] = _read(name.replace(":", "-"))
        return self._namespaces[name]


@cache
def load_catalogue() -> Catalogue:
    """The catalogue. It reads nothing before it is asked for a kind."""
    return Catalogue()


def _namespaces() -> list[str]:
    tables = files(__package__) / "types"
    return sorted(path.name.removesuffix(".json").replace("-", ":") for path in tables.iterdir())


def _read(namespace: str) -> dict[str, AzureType]:
    table, facts = _json("types", namespace), _json("facts", namespace)
    objects = Objects(table["objects"], facts)
    parameters = {**_shared()["parameters"], **facts.get("parameters", {})}
    return {kind: _kind(kind, said, facts["kinds"][kind], objects, parameters) for kind, said in table["kinds"].items()}


@cache
def _shared() -> Mapping[str, Any]:
    return _json("facts", "shared")


def _json(folder: str, namespace: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads((files(__package__) / folder / f"{namespace}.json").read_bytes())
    return read


def _kind(
    kind: str, stated: Mapping[str, Any], facts: Mapping[str, Any], objects: Objects, parameters: Mapping[str, Any]
) -> AzureType:
    in_path = {name for name, said in stated["properties"].items() if said.get("path")}
    replaces: Mapping[str, str] = facts.get("replaces", {})
    known = (path for path, source in replaces.items() if source in KNOWN_TO_THE_ENGINE)
    return AzureType(
        kind=kind,
        arm=facts["arm"],
        api_version=stated["version"],
        id_template=facts["id"],
        worldwide=facts.get("worldwide", False),
        replaces=frozenset([*in_path, *replaces]),
        engine_replaces=frozenset([*in_path, *known]),
        refuses=tuple(_refusal(refusal) for refusal in facts.get("refuses", ())),
        fills_in={path: said["value"] for path, said in facts.get("defaults", {}).items()},
        outputs=stated["outputs"],
        computed=facts.get("computed", {}),
        conditions=read_conditions(facts.get("conditions", [])),
        _statements=stated["properties"],
        _rules={**{name: rule for name, rule in parameters.items() if name in in_path}, **facts.get("rules", {})},
        _objects=objects,
    )


def _refusal(stated: Mapping[str, Any]) -> Refusal:
    arguments: dict[str, Any] = {**stated, **{word: tuple(stated.get(word, ())) for word in ("before", "after")}}
    return Refusal(**arguments)
