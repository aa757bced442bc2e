"""The names and the nesting of the SDK pulumi-azure-native, read from its sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

WRAPPERS = ("Input", "Output", "Optional")


@dataclass
class SdkClass:
    """One class of the SDK: an arguments class, or a resource."""

    name: str
    properties: dict[str, ast.expr] = field(default_factory=dict)
    """Annotations by camelCase name."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """What the SDK sends for a property that is not given."""
    constants: dict[str, Any] = field(default_factory=dict)
    """What it always sends: the discriminator of a union's member."""
    required: set[str] = field(default_factory=set)


@dataclass
class Sdk:
    """One namespace of the SDK, read as text: importing it would take seconds."""

    folder: Path

    def resource(self, token: str) -> tuple[SdkClass, SdkClass, str]:
        """A resource's arguments, its outputs, and the version of the API that it uses."""
        for path in self.folder.glob("*.py"):
            text = path.read_text()
            if f"\nclass {token}(pulumi.CustomResource)" in text:
                blocks = _blocks(text)
                version = re.search(r"Uses Azure REST API version ([\w-]+)", text)
                assert version, f"{path} names no API version"
                # InitArgs, where an object of the namespace already has the shorter name.
                arguments = blocks.get(f"{token}InitArgs") or blocks[f"{token}Args"]
                return _read(arguments), _read(blocks[token]), version[1]
        raise LookupError(f"no resource {token} in {self.folder}")

    def named(self, name: str) -> SdkClass | None:
        """An arguments class or an output class of the namespace; none if the name is an enumeration's."""
        for blocks in (self._inputs, self._outputs):
            if name in blocks:
                return _read(blocks[name])
        return None

    def values(self, name: str) -> list[str]:
        """The values of an enumeration."""
        block = self._enumerations.get(name, "")
        return [ast.literal_eval(value) for value in re.findall(r"^    [A-Z]\w* = (.+)$", block, re.MULTILINE)]

    @cached_property
    def _inputs(self) -> dict[str, str]:
        return self._read("_inputs.py")

    @cached_property
    def _outputs(self) -> dict[str, str]:
        return self._read("outputs.py")

    @cached_property
    def _enumerations(self) -> dict[str, str]:
        return self._read("_enums.py")

    def _read(self, name: str) -> dict[str, str]:
        path = self.folder / name
        return _blocks(path.read_text()) if path.exists() else {}


def _blocks(text: str) -> dict[str, str]:
    """The source of each class, cut at the decorators before the next."""
    starts = [match.start() for match in re.finditer(r"^class ", text, re.MULTILINE)]
    bodies = [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return {re.split(r"\W", body, maxsplit=2)[1]: body.split("\n@")[0] for body in bodies}


def _read(block: str) -> SdkClass:
    defined = ast.parse(block).body[0]
    assert isinstance(defined, ast.ClassDef)
    found, names = SdkClass(defined.name), dict[str, str]()
    functions = [node for node in defined.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for decorator in function.decorator_list:
            if ast.unparse(decorator).startswith("pulumi.getter"):
                keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
                name = ast.literal_eval(keywords[0].value) if keywords else function.name
                names[function.name], found.properties[name] = name, function.returns or ast.Name("Any")
    for function in functions:
        if function.name in ("__init__", "_internal_init"):
            _read_constructor(function, found, names)
    return found


def _read_constructor(constructor: ast.FunctionDef, found: SdkClass, names: Mapping[str, str]) -> None:
    """What is demanded, what is filled in where nothing is given, and what is always the same."""
    for argument, default in zip(constructor.args.kwonlyargs, constructor.args.kw_defaults, strict=True):
        if default is None and argument.arg in names:
            found.required.add(names[argument.arg])
    for node in ast.walk(constructor):
        match node:
            case ast.If(
                test=ast.Compare(left=ast.Name(id=own), ops=[ast.Is()]), body=[ast.Assign(value=ast.Constant(value))]
            ):
                found.defaults[names[own]] = value
            case ast.Call(func=ast.Attribute(attr="set"), args=[_, ast.Constant(str(own)), ast.Constant(value)]):
                found.constants[names[own]] = value


def bare(annotation: ast.expr) -> ast.expr:
    """An annotation without Input, Output and Optional around it."""
    while isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).split(".")[-1] in WRAPPERS:
        annotation = annotation.slice
    return annotation


def name_in(annotation: ast.expr) -> str | None:
    """The class that an annotation names in quotes, as the SDK names its own."""
    return annotation.value if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str) else None
