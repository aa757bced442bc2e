"""A stand-in for Terraform's azurerm and azapi providers: it knows their arguments, and nothing else.

With it, the real `terraform validate` checks a configuration where no provider can be downloaded: syntax, types,
references, circles. Terraform is told by TF_REATTACH_PROVIDERS where to find it, and speaks plugin protocol 5
(hashicorp/terraform, docs/plugin-protocol/tfplugin5.proto). The few messages are written by hand: the protocol's
package would be a dependency for one test.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from modelyard_infra.terraform.schema import load_schema

SERVICE = "tfplugin5.Provider"
LIST = 2
"""Protocol: blocks of this kind may stand several times."""
FIELD_TEXT, FIELD_NUMBER = 2, 0
LOCALHOST = "127.0.0.1"
TYPES: Mapping[str, str] = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}


@contextmanager
def stand_in_providers() -> Iterator[dict[str, str]]:
    """Serves azurerm and azapi; yields the environment variable that leads Terraform to them."""
    schema = load_schema()
    servers = {name: _server(_provider(name)) for name in schema.providers}
    try:
        addresses = {
            f"registry.terraform.io/{schema.sources[name]['source'].lower()}": {
                "Protocol": "grpc",
                "ProtocolVersion": 5,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "tcp", "String": f"{LOCALHOST}:{port}"},
            }
            for name, (_, port) in servers.items()
        }
        yield {"TF_REATTACH_PROVIDERS": json.dumps(addresses)}
    finally:
        for server, _ in servers.values():
            server.stop(grace=None).wait()


def _server(provider: bytes) -> tuple[grpc.Server, int]:
    answers: dict[str, Callable[[bytes], bytes]] = {
        "GetSchema": lambda _: provider,
        "PrepareProviderConfig": lambda asked: asked,  # field 1 is the configuration, in question and answer alike
        "ValidateResourceTypeConfig": lambda _: b"",
        "Stop": lambda _: b"",
    }
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        name: grpc.unary_unary_rpc_method_handler(lambda asked, _, answer=answer: answer(asked))
        for name, answer in answers.items()
    }
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port(f"{LOCALHOST}:0")
    server.start()
    return server, port


def _provider(name: str) -> bytes:
    """The answer to GetProviderSchema: the provider's own block, and one per resource type."""
    schema = load_schema()
    own = _bytes(1, _versioned(schema.providers[name]["arguments"], ()))
    resources = [
        _bytes(2, _bytes(1, kind.encode()) + _bytes(2, _versioned(stated["arguments"], stated["attributes"])))
        for kind, stated in schema.resources.items()
        if kind.startswith(f"{name}_")
    ]
    return own + b"".join(resources)


def _versioned(arguments: Mapping[str, Any], attributes: tuple[str, ...]) -> bytes:
    return _bytes(2, _block(arguments, attributes))


def _block(arguments: Mapping[str, Any], computed: tuple[str, ...]) -> bytes:
    parts = [_attribute(name, "string", computed=True) for name in computed]
    for name, stated in arguments.items():
        if stated["type"] != "block":
            parts.append(_attribute(name, _type(stated), required=bool(stated.get("required"))))
        elif stated.get("whole"):
            parts.append(_attribute(name, _type(stated), computed=True, optional=True))
        else:
            parts.append(_bytes(3, _nested(name, stated)))
    return b"".join(parts)


def _nested(name: str, stated: Mapping[str, Any]) -> bytes:
    inside = _block(stated["arguments"], tuple(stated.get("attributes", ())))
    least = 1 if stated.get("required") else 0
    sizes = _number(4, least) + _number(5, stated.get("max", 0))
    return _bytes(1, name.encode()) + _bytes(2, inside) + _number(3, LIST) + sizes


def _attribute(
    name: str, kind: object, *, required: bool = False, computed: bool = False, optional: bool | None = None
) -> bytes:
    is_optional = not (required or computed) if optional is None else optional
    flags = _number(4, required) + _number(5, is_optional) + _number(6, computed)
    return _bytes(2, _bytes(1, name.encode()) + _bytes(2, json.dumps(kind).encode()) + flags)


def _type(stated: Mapping[str, Any]) -> object:
    """A type as Terraform writes types in JSON."""
    kind = str(stated["type"])
    if kind == "block":
        return ["list", ["object", {name: _type(inside) for name, inside in stated["arguments"].items()}]]
    for collection in ("list", "map"):
        if kind.startswith(f"{collection} of "):
            inner = TYPES[kind.removeprefix(f"{collection} of ")]
            return "dynamic" if inner == "dynamic" else [collection, inner]
    return TYPES[kind]


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | FIELD_TEXT) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | FIELD_NUMBER) + _varint(int(value)) if value else b""


def _varint(value: int) -> bytes:
    """Protocol buffers' numbers: seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - a varint's byte has seven bits
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
