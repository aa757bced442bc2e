"""What azurerm has no words for is said in Azure's own, through the azapi provider."""

from __future__ import annotations

from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.terraform.blocks import Arguments
from modelyard_infra.terraform.reading import Said

TYPE = "azapi_resource"
GROUP = "resourceGroupName"


def azapi_resource(said: Said, kind: str, *, owner: str) -> Arguments:
    """azapi_resource, for a resource that belongs to another.

    Args:
        said: its properties.
        kind: its kind; the catalogue knows Azure's name of it and the version of the interface.
        owner: property that refers to the name of the resource that it belongs to.
    """
    azure_type = load_catalogue()[kind]
    said.unsaid(GROUP)
    named = {GROUP, owner, azure_type.name_property}
    stated = {name: said.take(name) for name in said.names() if name not in named}
    body = {name: value for name, value in stated.items() if name in azure_type.top_level}
    inside = {name: value for name, value in stated.items() if name not in azure_type.top_level}
    return {
        "type": f"{azure_type.arm}@{azure_type.api_version}",
        "name": said.need(azure_type.name_property),
        "parent_id": said.owner(owner),
        "body": {**body, "properties": inside},
    }
