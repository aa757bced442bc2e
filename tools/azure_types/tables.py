"""Brings the SDK's names and the specification's statements together."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.azure_types.sdk import Sdk, SdkClass, bare, name_in
from tools.azure_types.specification import Json, Node, Specification

FLAGS = {"required": 1, "read_only": 2, "write_only": 4}
SCALARS = {"str": "string", "bool": "boolean", "int": "integer", "float": "number"}
DEEPEST_OUTPUT = 3


@dataclass
class Namespace:
    """Brings the SDK's names and the specification's statements together, for one namespace."""

    folder: Path
    specification: Specification
    known: Json
    """What is kept by hand: here, the names that differ from ARM's."""
    objects: Json = field(default_factory=dict)
    misfits: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sdk = Sdk(self.folder)

    def table(self, kinds: Mapping[str, Json]) -> Json:
        """The table of some kinds with the objects that they need."""
        made = {kind: self._kind(kind, known) for kind, known in kinds.items()}
        source = {
            "specification": f"https://github.com/Azure/bicep-types-az/tree/{self.specification.commit}/generated",
            "names": "pulumi-azure-native 3.29.0",
        }
        return {"source": source, "kinds": made, "objects": dict(sorted(self.objects.items()))}

    def _kind(self, kind: str, known: Json) -> Json:
        arguments, outputs, version = self.sdk.resource(kind.split(":")[1])
        body = self.specification.resource(known["arm"], version)
        in_path = set(re.findall(r"{(\w+)}", known["id"]))
        shapes = self._object(arguments, body, f"{kind}.", leave_out=in_path)
        for name in set(shapes) & {"id", "name", "type"}:
            shapes[name] = {"type": "string"}  # the specification speaks of the address here, which the SDK says apart
        own_name = known["id"].rsplit("{", 1)[1].rstrip("}")
        for name in sorted(in_path & set(arguments.properties)):
            stated = self._shape(arguments.properties[name], None, f"{kind}.{name}")
            rules = body.to(body.properties["name"]["type"]) if name == own_name else None
            shapes[name] = {**stated, "required": True, "path": True, **_scalar(rules)}
        return {
            "version": version,
            "properties": dict(sorted(shapes.items())),
            "outputs": dict(self._outputs(outputs, arguments, "", DEEPEST_OUTPUT)),
        }

    def _object(self, cls: SdkClass, node: Node, where: str, leave_out: Collection[str] = ()) -> Json:
        shapes = {}
        for name in cls.properties:
            if name in leave_out or f"{where}{name}" in self.known.get("absent", ()):
                continue
            found = node.find(self.known.get("renamed", {}).get(f"{where}{name}", name))
            if found is None:
                self.misfits.append(f"{where}{name} is not in the specification")
            else:
                shapes[name] = self._property(cls, name, found, where)
        return shapes

    def _property(self, cls: SdkClass, name: str, found: tuple[str, Json, Node], where: str) -> Json:
        path, stated, node = found
        shape = self._shape(cls.properties[name], node, f"{where}{name}")
        shape |= {word: True for word, flag in FLAGS.items() if stated["flags"] & flag}
        if name in cls.required:
            shape["required"] = True
        if name in cls.defaults:
            shape["default"] = cls.defaults[name]
        if name in cls.constants:
            shape["allowed"] = [cls.constants[name]]
        return {**shape, "arm": path} if path != name else shape

    def _shape(self, annotation: ast.expr, node: Node | None, where: str) -> Json:
        stated = bare(annotation)
        match stated:
            case ast.Subscript(value=outer, slice=inner) if ast.unparse(outer) == "Sequence":
                return self._many("array", inner, node, where)
            case ast.Subscript(value=outer, slice=ast.Tuple(elts=[_, inner])) if ast.unparse(outer) == "Mapping":
                return self._many("map", inner, node, where)
            case ast.Subscript(slice=ast.Tuple(elts=parts)):
                return self._union([bare(part) for part in parts], node, where)
            case ast.Constant(str(name)):
                return self._named(name, node, where)
        return {"type": SCALARS.get(ast.unparse(stated).removeprefix("_builtins."), "any"), **_scalar(node)}

    def _many(self, word: str, inner: ast.expr, node: Node | None, where: str) -> Json:
        if word == "array" and node and node.is_map:
            # azure-native takes a list of ids where ARM takes an object with these ids as keys.
            return {"type": "array", "as": "keys", "items": self._shape(inner, None, where)}
        return {"type": word, "items": self._shape(inner, node and node.items, where), **(node.bounds if node else {})}

    def _union(self, parts: list[ast.expr], node: Node | None, where: str) -> Json:
        """One of several objects, told apart by a constant; or an enumeration that takes other texts too."""
        names = [name for name in map(name_in, parts) if name]
        classes = [cls for cls in map(self.sdk.named, names) if cls]
        if node is None or len(classes) < len(parts):
            return self._named(names[0], node, where) if names else {"type": "string", **_scalar(node)}
        discriminator = next(iter(classes[0].constants))
        values = {cls.constants[discriminator]: cls for cls in classes}
        choices = {value: self._define(cls, node.choices[value], node) for value, cls in values.items()}
        return {"type": "union", "discriminator": discriminator, "choices": choices}

    def _named(self, name: str, node: Node | None, where: str) -> Json:
        cls = self.sdk.named(name)
        if cls is None:
            values = self.sdk.values(name)
            return {"type": "string", **({"allowed": values} if values else {}), **_scalar(node)}
        if node is None:
            self.misfits.append(f"{where}: the specification says nothing about the object {name}")
            return {"type": "any"}
        return {"type": "object", "object": self._define(cls, node)}

    def _define(self, cls: SdkClass, node: Node, shared: Node | None = None) -> str:
        name = cls.name.removesuffix("Args")
        if name not in self.objects:
            self.objects[name] = {}  # before its properties: an object may hold others of its own kind
            if shared:
                node = Node(node.types, {**node.raw, "properties": {**shared.properties, **node.properties}})
            self.objects[name] = self._object(cls, node, f"{name}.")
        return name

    def _outputs(self, cls: SdkClass, inputs: SdkClass | None, before: str, depth: int) -> Iterator[tuple[str, str]]:
        """What only Azure knows: paths in the outputs that are no inputs, with their type."""
        for name, annotation in cls.properties.items():
            given = inputs.properties.get(name) if inputs else None
            response = self._object_in(annotation)
            if name == "systemData":
                continue
            if response and depth > 1:
                yield from self._outputs(response, self._object_in(given), f"{before}{name}.", depth - 1)
            elif given is None:
                yield f"{before}{name}", _output_type(bare(annotation))

    def _object_in(self, annotation: ast.expr | None) -> SdkClass | None:
        name = name_in(bare(annotation)) if annotation else None
        return self.sdk.named(name.split(".")[-1]) if name else None


def _output_type(stated: ast.expr) -> str:
    text = ast.unparse(stated)
    if text.startswith(("Sequence", "Mapping")):
        return "array" if text.startswith("Sequence") else "map"
    return SCALARS.get(text.removeprefix("_builtins."), "any" if text == "Any" else "object")


def _scalar(node: Node | None) -> Json:
    """What the specification says about a single value."""
    if node is None:
        return {}
    values, is_open = node.values
    return {**node.bounds, **({"allowed": values} if values else {}), **({"open": True} if values and is_open else {})}


def rendered(table: Json) -> str:
    """A table as text: one property a line, so that a new version of the API is a readable change."""

    def block(shapes: Json, indent: str) -> str:
        if not shapes:
            return "{}"
        lines = [f"{indent}  {json.dumps(name)}: {json.dumps(shape)}" for name, shape in shapes.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"

    kinds = [
        f'    {json.dumps(kind)}: {{\n      "version": {json.dumps(entry["version"])},\n'
        f'      "properties": {block(entry["properties"], "      ")},\n'
        f'      "outputs": {block(entry["outputs"], "      ")}\n    }}'
        for kind, entry in table["kinds"].items()
    ]
    objects = [f"    {json.dumps(name)}: {block(shapes, '    ')}" for name, shapes in table["objects"].items()]
    source = json.dumps(table["source"])
    joined = [",\n".join(lines) for lines in (kinds, objects)]
    return f'{{\n  "source": {source},\n  "kinds": {{\n{joined[0]}\n  }},\n  "objects": {{\n{joined[1]}\n  }}\n}}\n'
