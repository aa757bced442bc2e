"""The digest of what a model has learned: the same for two trainings that learned the same.

The bytes of model.skops differ from one writing to the next, because they hold memory addresses and the time. Without
these, what is left is what was learned: parameters, arrays, and the types that hold them.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

_SCHEMA = "schema.json"
_PASSING = frozenset({"__id__", "_skops_version", "protocol"})


def state_digest(content: bytes) -> str:
    """SHA-256 over what the bytes of a model.skops hold, whenever and wherever they were written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return _digest(json.loads(archive.read(_SCHEMA)), archive)


def group_digests(content: bytes) -> dict[str, str]:
    """The digest of every group's pipeline in the bytes of a grouped model, by the group's key; the pool's under "".

    A pipeline has the digest that it would have alone, so that one group can be held to another training of it.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        fields = json.loads(archive.read(_SCHEMA))["content"]["content"]
        groups = fields["groups_"]["content"]
        return {"": _digest(fields["pool_"], archive), **{key: _digest(one, archive) for key, one in groups.items()}}


def _digest(node: Any, archive: zipfile.ZipFile) -> str:  # noqa: ANN401 - JSON
    text = json.dumps(_plain(node, archive), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(node: Any, archive: zipfile.ZipFile) -> Any:  # noqa: ANN401 - JSON
    """A node without what changes from one writing to the next; a file is named by its content."""
    if isinstance(node, Mapping):
        kept = {name: _plain(value, archive) for name, value in node.items() if name not in _PASSING}
        if isinstance(file := node.get("file"), str):
            kept["file"] = hashlib.sha256(archive.read(file)).hexdigest()
        return kept
    return [_plain(one, archive) for one in node] if isinstance(node, list) else node
