"""One kind of resource as Azure knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from modelyard_infra.catalogue.conditions import Condition
from modelyard_infra.catalogue.shapes import Objects, ObjectShape, Shape, Statement, shapes


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change of a property that the service answers with an error, and that replacing does not mend."""

    path: str
    says: str
    """The rule in words."""
    source: str
    before: tuple[Any, ...] = ()
    """Values from which the change is refused; empty: from any."""
    after: tuple[Any, ...] = ()
    """Values to which the change is refused; empty: to any other."""
    smaller: bool = False
    """Whether only a smaller number is refused."""

    def refuses(self, before: object, after: object) -> bool:
        """Whether the change from one value to another is refused; a value that is not given is None."""
        if before == after or (self.before and before not in self.before) or (self.after and after not in self.after):
            return False
        return not self.smaller or (after is not None and before is not None and float(str(after)) < float(str(before)))


@dataclass(frozen=True)
class AzureType:
    """A kind's address, shape and behaviour. Paths have dots, in azure-native's names."""

    kind: str
    """azure-native's token without its package: `storage:StorageAccount`."""
    arm: str
    """ARM's type: `Microsoft.Storage/storageAccounts`."""
    api_version: str
    """The version of the API that azure-native 3.29 uses for the kind."""
    id_template: str
    """The id with path parameters in azure-native's names."""
    worldwide: bool
    """Whether the name must be unique in all of Azure."""
    replaces: frozenset[str]
    """Properties whose change replaces the resource: its address, and what the service cannot change. `[]` stands
    for every entry of a list; a change below a path is a change of it."""
    engine_replaces: frozenset[str]
    """Those of them that azure-native itself knows. The others need `replace_on`, or the update fails in Azure."""
    refuses: tuple[Refusal, ...]
    """Changes that the service answers with an error."""
    fills_in: Mapping[str, Any]
    """What the service adds to a resource that does not say it, as a GET shows it afterwards."""
    outputs: Mapping[str, str]
    """What only Azure knows, by path, with its type."""
    computed: Mapping[str, str]
    """Outputs that follow from the address and the location: `https://{vaultName}.vault.azure.net/`."""
    conditions: tuple[Condition, ...]
    """What ties its properties together, beside what ties those of the objects in it."""
    _statements: Mapping[str, Statement] = field(repr=False, compare=False)
    _rules: Mapping[str, Statement] = field(repr=False, compare=False)
    _objects: Objects = field(repr=False, compare=False)

    @cached_property
    def shape(self) -> Mapping[str, Shape]:
        """Its inputs by name."""
        return shapes(self._statements, self._rules, self._objects)

    @property
    def object(self) -> ObjectShape:
        """Its inputs and what ties them together."""
        return ObjectShape(self.shape, self.conditions)

    @cached_property
    def path_parameters(self) -> tuple[str, ...]:
        """The parts of its address, in order: `subscriptionId`, `resourceGroupName`, …, its name."""
        return tuple(re.findall(r"{(\w+)}", self.id_template))

    @property
    def name_property(self) -> str:
        """The property that is its own name."""
        return self.path_parameters[-1]

    @cached_property
    def top_level(self) -> frozenset[str]:
        """What ARM keeps beside `properties`: location, tags, sku, identity, zones."""
        return frozenset(
            name for name, shape in self.shape.items() if not shape.in_path and not shape.arm.startswith("properties.")
        )

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """What a GET shows for properties that were not sent: the specification's defaults and what was observed."""
        stated = {name: shape.default for name, shape in self.shape.items() if shape.default is not None}
        return {**stated, **self.fills_in}

    def has_output(self, path: str) -> bool:
        """Whether others may refer to a path: an input, an output, or something inside of one that is a free map."""
        return path == "id" or path in self.outputs or self._reaches(path)

    def _reaches(self, path: str) -> bool:
        level: Mapping[str, Shape] = self.shape
        first, *rest = path.split(".")
        shape = level.get(first)
        for part in rest:
            if shape is None:
                return False
            if shape.type in ("map", "any"):
                return True
            shape = shape.properties.get(part)
        return shape is not None or any(output.startswith(f"{path}.") for output in self.outputs)
