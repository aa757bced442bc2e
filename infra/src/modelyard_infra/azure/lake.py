"""The concern `lake`: the data lake's account, file systems, folders, lifecycle."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.lake import ACCOUNT, ARTIFACTS, LAYERS, RELEASES
from modelyard_infra.blueprint.graph import Ref


class Lake(Concern):
    """The data lake."""

    account_name: pulumi.Output[str]
    """Name of the storage account."""
    layers: pulumi.Output[str]
    """Name of the file system that holds the layers."""
    artifacts: pulumi.Output[str]
    """Name of the file system that MLflow writes to."""
    releases: pulumi.Output[str]
    """Name of the file system that releases are kept in."""

    gives: ClassVar[dict[str, Ref]] = {
        "account_name": Ref(ACCOUNT, "name"),
        "layers": Ref(LAYERS, "name"),
        "artifacts": Ref(ARTIFACTS, "name"),
        "releases": Ref(RELEASES, "name"),
    }
