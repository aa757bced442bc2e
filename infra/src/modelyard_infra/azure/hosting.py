"""The concern `hosting`: the Container Apps environment, and one app per released model."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.apps import APPS
from modelyard_infra.blueprint.graph import Ref


class Hosting(Concern):
    """Where containers run."""

    environment_id: pulumi.Output[str]
    """Id of the Container Apps environment."""
    default_domain: pulumi.Output[str]
    """The domain under which its apps are reached."""

    gives: ClassVar[dict[str, Ref]] = {
        "environment_id": Ref(APPS),
        "default_domain": Ref(APPS, "defaultDomain"),
    }
