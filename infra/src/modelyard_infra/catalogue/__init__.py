"""What Azure's specification says about each kind of resource that the blueprint uses: tables, and a reader of them.

    types/    one table a namespace, made by `python -m tools.azure_types` from the specification and azure-native's
              SDK: properties with their types and limits, objects, outputs, and where ARM has each property
    facts/    kept by hand, each fact with its source (shared.json lists the sources): addresses, name rules, what
              replaces a resource or is refused, what the service fills in, and rules that tie properties together

Where the specification names values of an enumeration and leaves it open, the named ones are the allowed ones, unless
a fact says `accepts_more`. A new version of the API is a new run of the tool and a look at the changed lines.
"""

from modelyard_infra.catalogue.checking import SpecProblem, problems
from modelyard_infra.catalogue.conditions import Condition, Demand
from modelyard_infra.catalogue.kinds import AzureType, Refusal
from modelyard_infra.catalogue.loading import Catalogue, UnknownKindError, load_catalogue
from modelyard_infra.catalogue.shapes import ObjectShape, Shape
from modelyard_infra.catalogue.values import UNKNOWN, at

__all__ = [
    "UNKNOWN",
    "AzureType",
    "Catalogue",
    "Condition",
    "Demand",
    "ObjectShape",
    "Refusal",
    "Shape",
    "SpecProblem",
    "UnknownKindError",
    "at",
    "load_catalogue",
    "problems",
]
