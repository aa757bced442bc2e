"""The concern `tracking`: MLflow, and the PostgreSQL server behind it."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.tracking import APP, SERVER
from modelyard_infra.blueprint.graph import Ref


class Tracking(Concern):
    """The tracking server."""

    server_name: pulumi.Output[str]
    """Name of the PostgreSQL server."""
    app_id: pulumi.Output[str]
    """Id of MLflow's app, once there is an image of it."""

    gives: ClassVar[dict[str, Ref]] = {"server_name": Ref(SERVER, "name"), "app_id": Ref(APP)}
