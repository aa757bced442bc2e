"""The concern `vault`: the key vault, and its way into the network."""

from __future__ import annotations

from typing import ClassVar

import pulumi

from modelyard_infra.azure.concern import Concern
from modelyard_infra.blueprint.azure.vault import VAULT
from modelyard_infra.blueprint.graph import Ref


class Vault(Concern):
    """Secrets."""

    vault_id: pulumi.Output[str]
    """Id of the key vault."""
    vault_name: pulumi.Output[str]
    """Its name."""

    gives: ClassVar[dict[str, Ref]] = {"vault_id": Ref(VAULT), "vault_name": Ref(VAULT, "name")}
