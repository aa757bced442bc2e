"""The concern `observability`: logs, diagnostic settings, alerts."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.observability import ACTIONS, LOGS
from modelyard_infra.blueprint.graph import Ref


class Observability(Concern):
    """What is written down, and who is told."""

    workspace_id: pulumi.Output[str]
    """Id of the log workspace."""
    actions_id: pulumi.Output[str]
    """Id of the group of people that alerts go to."""

    gives: ClassVar[dict[str, Ref]] = {"workspace_id": Ref(LOGS), "actions_id": Ref(ACTIONS)}
