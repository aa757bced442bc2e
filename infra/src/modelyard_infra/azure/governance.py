"""The concern `governance`: resource group, budget, lock."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.site import GROUP
from modelyard_infra.blueprint.graph import Ref


class Governance(Concern):
    """What everything else stands in, what it may cost, and what keeps it from being deleted."""

    group_name: pulumi.Output[str]
    """The resource group's name."""

    gives: ClassVar[dict[str, Ref]] = {"group_name": Ref(GROUP, "name")}
