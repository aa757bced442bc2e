"""The concern `identities`: the identities that work in the environment."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.identities import JOBS, MLFLOW, MODELS, PIPELINES, identity_key
from modelyard_infra.blueprint.graph import Ref


class Identities(Concern):
    """Who acts."""

    mlflow_client_id: pulumi.Output[str]
    """Client id of the tracking server."""
    jobs_client_id: pulumi.Output[str]
    """Client id of the jobs."""
    models_client_id: pulumi.Output[str]
    """Client id of the model APIs."""
    pipelines_client_id: pulumi.Output[str]
    """Client id of Azure Pipelines: what a service connection names."""

    gives: ClassVar[dict[str, Ref]] = {
        "mlflow_client_id": Ref(identity_key(MLFLOW), "clientId"),
        "jobs_client_id": Ref(identity_key(JOBS), "clientId"),
        "models_client_id": Ref(identity_key(MODELS), "clientId"),
        "pipelines_client_id": Ref(identity_key(PIPELINES), "clientId"),
    }
