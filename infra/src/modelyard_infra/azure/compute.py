"""The concern `compute`: jobs on the embedded engine, and Databricks for Spark."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.compute import CONNECTOR, WORKSPACE
from modelyard_infra.blueprint.graph import Ref


class Compute(Concern):
    """Where data is worked on."""

    workspace_url: pulumi.Output[str]
    """Host name of the Databricks workspace, where there is one."""
    connector_id: pulumi.Output[str]
    """Id of the identity with which Databricks reaches the lake."""

    gives: ClassVar[dict[str, Ref]] = {
        "workspace_url": Ref(WORKSPACE, "workspaceUrl"),
        "connector_id": Ref(CONNECTOR),
    }
