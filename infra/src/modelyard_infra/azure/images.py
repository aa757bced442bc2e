"""The concern `images`: the container registry, and its copies in other regions."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.images import REGISTRY
from modelyard_infra.blueprint.graph import Ref


class Images(Concern):
    """Container images."""

    login_server: pulumi.Output[str]
    """Where images are pushed and pulled."""

    gives: ClassVar[dict[str, Ref]] = {"login_server": Ref(REGISTRY, "loginServer")}
