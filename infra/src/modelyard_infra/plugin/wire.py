"""Pulumi's property bags, between protobuf structs and plain Python values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct

Properties = dict[str, Any]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's sign for a value that is not known before the update (sdk/python/lib/pulumi/runtime/rpc.py)."""


def plain(struct: Struct) -> Properties:
    """The properties as Python values. Protobuf has one kind of number, so whole numbers become int again."""
    from google.protobuf import json_format

    return {key: _whole(value) for key, value in json_format.MessageToDict(struct).items()}


def packed(properties: Mapping[str, Any]) -> Struct:
    """The properties as a protobuf struct."""
    struct = Struct()
    struct.update(dict(properties))
    return struct


def _whole(value: object) -> object:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return value
