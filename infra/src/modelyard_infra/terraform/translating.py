"""From a graph to blocks: every resource is said once, and nothing that it says is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from modelyard_infra.blueprint.graph import Graph, Ref, Resource
from modelyard_infra.terraform.azapi import TYPE as AZAPI_TYPE
from modelyard_infra.terraform.azapi import azapi_resource
from modelyard_infra.terraform.blocks import Arguments, Block, Json, terraform_name
from modelyard_infra.terraform.reading import Said, UntranslatableError
from modelyard_infra.terraform.words import AZAPI, FOLDS, WORDS, Companion

WHOLE = frozenset(
    {("azurerm_network_security_group", "security_rule"), ("azurerm_container_registry", "network_rule_set")}
)
"""Arguments that Terraform takes only with every part written down, null for those without a value."""


def translate(graph: Graph) -> tuple[Block, ...]:
    """Every resource of the graph as Terraform blocks, in the order in which they can be made.

    Raises:
        UntranslatableError: a kind, a property or a value has no words.
    """
    own = {resource.key: _own_blocks(resource) for resource in graph.ordered if resource.kind not in FOLDS}
    folded: dict[str, list[Resource]] = {}
    for resource in graph.of_kind(*FOLDS):
        around = surrounding(resource)
        folded.setdefault(around, []).append(resource)
        own[around][0] = _joined(own[around][0], resource)
    addresses = _addresses(graph, own)
    return tuple(
        _with_dependencies(block, [graph[key], *folded.get(key, [])], addresses)
        for key, blocks in own.items()
        for block in blocks
    )


def surrounding(resource: Resource) -> str:
    """Key of the resource that a folded one is said in."""
    owner = resource.properties.get(FOLDS[resource.kind].property)
    if not isinstance(owner, Ref):
        raise UntranslatableError(f"{resource.key}.{FOLDS[resource.kind].property} must refer to another resource")
    return owner.resource


def terraform_type(kind: str) -> str:
    """The Terraform resource of a kind that has one of its own."""
    if kind in AZAPI:
        return AZAPI_TYPE
    if kind not in WORDS:
        raise UntranslatableError(f"no words for kind {kind}; there are {', '.join(sorted({*WORDS, *FOLDS, *AZAPI}))}")
    return WORDS[kind].type


def _own_blocks(resource: Resource) -> list[Block]:
    said, kind = Said(resource.properties, resource.key), terraform_type(resource.kind)
    if resource.kind in AZAPI:
        blocks = [_block(resource, kind, azapi_resource(said, resource.kind, owner=AZAPI[resource.kind]))]
    else:
        words = WORDS[resource.kind]
        blocks = [_block(resource, kind, words.say(said))]
        found = _said_by(words.companions, said, resource.key)
        blocks += [_block(resource, companion.type, arguments) for companion, arguments in found]
    _check_everything_said(said, resource)
    return blocks


def _said_by(companions: tuple[Companion, ...], said: Said, key: str) -> Iterator[tuple[Companion, Arguments]]:
    for companion in companions:
        arguments = companion.say(said)
        if all(value is not None for value in arguments.values()):
            yield companion, {companion.subject: Ref(key), **arguments}


def _block(resource: Resource, kind: str, arguments: Arguments) -> Block:
    kept = {
        name: _pruned(value, is_whole=(kind, name) in WHOLE) for name, value in arguments.items() if value is not None
    }
    return Block(kind, terraform_name(resource.key), kept, resource.key, prevent_destroy=resource.holds_data)


def _pruned(value: Json, *, is_whole: bool) -> Json:
    """A value without the parts that have none, unless Terraform wants the whole."""
    if isinstance(value, Mapping):
        return {name: _pruned(part, is_whole=is_whole) for name, part in value.items() if is_whole or part is not None}
    if isinstance(value, list | tuple):
        return [_pruned(part, is_whole=is_whole) for part in value]
    return value


def _joined(block: Block, resource: Resource) -> Block:
    """A block with what a folded resource adds to it."""
    fold = FOLDS[resource.kind]
    said = Said(resource.properties, resource.key)
    said.unsaid(fold.property, "resourceGroupName")
    added = _block(resource, block.type, fold.say(said)).arguments
    _check_everything_said(said, resource)
    arguments: dict[str, Any] = dict(block.arguments)
    for name, value in added.items():
        arguments[name] = [*arguments.get(name, []), *value] if isinstance(value, list) else value
    return Block(
        block.type,
        block.name,
        arguments,
        block.key,
        prevent_destroy=block.prevent_destroy or resource.holds_data,
    )


def _check_everything_said(said: Said, resource: Resource) -> None:
    unread = list(said.unread())
    if unread:
        raise UntranslatableError(f"{resource.kind}: no words for {', '.join(unread)}")
    replaces = WORDS[resource.kind].replaces if resource.kind in WORDS else frozenset()
    unforced = [name for name in resource.replace_on if name not in replaces]
    if unforced:
        raise UntranslatableError(f"{resource.key}: azurerm does not replace on {', '.join(unforced)}")


def _addresses(graph: Graph, own: Mapping[str, list[Block]]) -> dict[str, tuple[str, ...]]:
    """Addresses that must exist before a key counts as made: its block and the companions of it."""
    addresses = {key: tuple(block.address for block in blocks) for key, blocks in own.items()}
    for resource in graph.of_kind(*FOLDS):
        addresses[resource.key] = addresses[surrounding(resource)]
    return addresses


def _with_dependencies(block: Block, said: list[Resource], addresses: Mapping[str, tuple[str, ...]]) -> Block:
    own = addresses[block.key]
    wanted = [address for resource in said for key in resource.after for address in addresses[key]]
    # A reference leads to the first block only; whoever needs a subnet needs its security group's association too.
    wanted += [address for resource in said for ref in resource.references for address in addresses[ref.resource][1:]]
    kept = tuple(address for address in dict.fromkeys(wanted) if address not in own)
    return Block(
        block.type, block.name, block.arguments, block.key, depends_on=kept, prevent_destroy=block.prevent_destroy
    )
