"""A blueprint as a Terraform configuration, and how it is written to a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelyard.errors import InfrastructureError
from modelyard_infra.blueprint.azure.draw import AzureBlueprint
from modelyard_infra.terraform.blocks import Block, terraform_name
from modelyard_infra.terraform.expressions import expressed
from modelyard_infra.terraform.schema import load_schema, problems
from modelyard_infra.terraform.synthesis import synthesise
from modelyard_infra.terraform.translating import terraform_type, translate
from modelyard_infra.terraform.words import FOLDS

MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Rendering:
    """A Terraform configuration on disk."""

    environment: str
    path: Path
    """The file: cdk.tf.json."""
    resources: int
    """How many resources it declares."""
    seconds: float
    """How long writing took."""

    def __str__(self) -> str:
        folder = self.path.parent
        return (
            f"{self.resources} resources of environment {self.environment} in {self.path}\n"
            f"next: terraform -chdir={folder} init -backend-config=PARTS  (storage_account_name, container_name)"
        )

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {"environment": self.environment, "path": str(self.path), "resources": self.resources}

    def read(self) -> Mapping[str, Any]:
        """The configuration, read back from disk."""
        found: Mapping[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found


def configuration(blueprint: AzureBlueprint) -> dict[str, Any]:
    """Everything that is written, as data: providers, backend, resources, outputs, renamed resources."""
    graph = blueprint.graph
    return {
        "environment": blueprint.environment,
        "providers": _providers(blueprint),
        "backend": backend(blueprint.environment),
        "resources": [_written(block, blueprint) for block in translate(graph)],
        "outputs": {"connections": expressed(blueprint.connections, graph)},
        MOVED: [
            {"from": f"{kind}.{terraform_name(former)}", "to": f"{kind}.{terraform_name(resource.key)}"}
            for resource in graph
            if resource.kind not in FOLDS
            for kind in [terraform_type(resource.kind)]
            for former in resource.former_keys
        ],
    }


def write_terraform(blueprint: AzureBlueprint, out: Path) -> Rendering:
    """Writes the configuration of an environment below `out`, at stacks/ENVIRONMENT/cdk.tf.json.

    Raises:
        MissingToolError: there is no Node, which CDK Terrain runs on.
        InfrastructureError: CDK Terrain refused.
    """
    content = configuration(blueprint)
    seconds = synthesise(content, out)
    path = out / "stacks" / blueprint.environment / "cdk.tf.json"
    return Rendering(blueprint.environment, path, len(content["resources"]), seconds)


def checked(rendering: Rendering) -> Rendering:
    """The rendering, when the azurerm provider would take it.

    Raises:
        InfrastructureError: it would not, which is a mistake of a translator.
    """
    found = problems(rendering.read())
    if found:
        raise InfrastructureError(
            f"{rendering.path}: {len(found)} arguments that azurerm refuses, the first: {found[0]}",
            hint="report this as a bug: the blueprint says something that the translators know no words for",
        )
    return rendering


def backend(environment: str) -> dict[str, Any]:
    """Where Terraform keeps its state: a part only. The account and container are given to `terraform init`."""
    return {"name": "azurerm", "arguments": {"key": f"modelyard-{environment}.tfstate", "use_azuread_auth": True}}


def _written(block: Block, blueprint: AzureBlueprint) -> dict[str, Any]:
    return {
        "type": block.type,
        "name": block.name,
        "arguments": expressed(block.arguments, blueprint.graph),
        "depends_on": list(block.depends_on),
        "prevent_destroy": block.prevent_destroy,
    }


def _providers(blueprint: AzureBlueprint) -> list[dict[str, Any]]:
    """azurerm and azapi, in the subscription of the environment. Nobody signs in with a key or a secret."""
    place = {"subscription_id": blueprint.subscription_id, "tenant_id": blueprint.tenant_id}
    careful = {
        "key_vault": [{"purge_soft_delete_on_destroy": False, "recover_soft_deleted_key_vaults": True}],
        "log_analytics_workspace": [{"permanently_delete_on_destroy": False}],
        "resource_group": [{"prevent_deletion_if_contains_resources": True}],
    }
    azurerm = {**place, "features": [careful], "storage_use_azuread": True, "disable_terraform_partner_id": True}
    return [
        {"name": name, "arguments": arguments, **load_schema().required_provider(name)}
        for name, arguments in (("azurerm", azurerm), ("azapi", place))
    ]
