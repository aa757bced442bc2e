"""The audit of a skops file before anything of it is built: only listed kinds of node, only listed types.

It reads the archive's schema as plain JSON and imports nothing that the schema names.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from modelyard_bundle.documents import parse_document, shown
from modelyard_bundle.errors import BundleError
from modelyard_bundle.manifest import MODEL_FILE
from modelyard_bundle.trust import PARTIAL_FUNCTIONS, TRUSTED_NODES

PROTOCOL = 2
"""The skops protocol we write. An older one would choose older, laxer readers inside skops."""
SCHEMA = "schema.json"
MEMBER = re.compile(r"[0-9]+\.npy|schema\.json")
MAX_UNPACKED_BYTES = 4 << 30
MAX_SCHEMA_BYTES = 512 << 20
MAX_RATIO = 100
"""How many times its own size an archive may unpack to, beyond what is small anyhow; skops itself does not compress."""
SMALL_BYTES = 64 << 20
ARCHIVE_START = b"PK\x03\x04"
_NODE_KEYS = frozenset({"__class__", "__module__", "__loader__"})


def audit_model(content: bytes, trusted: Mapping[str, frozenset[str]] = TRUSTED_NODES) -> None:
    """Refuse a model file that is not a plain skops archive of listed types.

    Args:
        content: The bytes of model.skops.
        trusted: Node kinds, and the types each may name.

    Raises:
        BundleError: It is another format, or it holds something that is not on the list.
    """
    schema = _read_schema(content)
    if schema.get("protocol") != PROTOCOL or isinstance(schema.get("protocol"), bool):
        raise BundleError(f"skops protocol {shown(schema.get('protocol'))}, allowed is {PROTOCOL}", where=MODEL_FILE)
    if refused := sorted(_refused(schema, trusted)):
        raise BundleError(f"it holds what is not on the list of trusted types: {', '.join(refused)}", where=MODEL_FILE)


def _read_schema(content: bytes) -> dict[str, Any]:
    if not content.startswith(ARCHIVE_START):
        # An archive is read from its end, so anything could stand before it: a pickle, for who reads from the front.
        raise BundleError("it is not a skops archive; pickles are never loaded", where=MODEL_FILE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive.infolist(), packed=len(content))
            return parse_document(archive.read(SCHEMA), where=f"{MODEL_FILE}: {SCHEMA}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise BundleError("it is not a skops archive; pickles are never loaded", where=MODEL_FILE) from error


def _check_members(members: list[zipfile.ZipInfo], *, packed: int) -> None:
    names = [member.filename for member in members]
    if foreign := sorted(name for name in names if MEMBER.fullmatch(name) is None):
        raise BundleError(f"the archive holds {', '.join(map(shown, foreign[:5]))}", where=MODEL_FILE)
    if len(set(names)) != len(names) or names.count(SCHEMA) != 1:
        raise BundleError("the archive has no schema, or a member twice", where=MODEL_FILE)
    sizes = {member.filename: member.file_size for member in members}
    allowed = min(MAX_UNPACKED_BYTES, SMALL_BYTES + MAX_RATIO * packed)
    if sum(sizes.values()) > allowed or sizes[SCHEMA] > MAX_SCHEMA_BYTES:
        raise BundleError(f"it unpacks to more than {allowed} bytes", where=MODEL_FILE)


def _refused(schema: dict[str, Any], trusted: Mapping[str, frozenset[str]]) -> set[str]:
    """Every node that is not on the list. All values are looked at, wherever they stand: an unknown key hides none."""
    refused: set[str] = set()
    waiting: list[object] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(item for item in value if isinstance(item, dict | list))
        elif isinstance(value, dict):
            if not _NODE_KEYS.isdisjoint(value) and (reason := _refusal(value, trusted)):
                refused.add(reason)
            waiting.extend(item for item in value.values() if isinstance(item, dict | list))
    return refused


def _refusal(node: dict[str, Any], trusted: Mapping[str, frozenset[str]]) -> str | None:
    loader, module, name = (node.get(key) for key in ("__loader__", "__module__", "__class__"))
    if not (isinstance(loader, str) and isinstance(module, str) and isinstance(name, str)):
        return f"a node without kind or type ({shown(loader)}, {shown(module)}, {shown(name)})"
    full_name = f"{module}.{name}"
    if full_name not in trusted.get(loader, frozenset()):
        return f"{full_name} ({loader})"
    if loader == "PartialNode" and _bound_function(node) not in PARTIAL_FUNCTIONS:
        return f"functools.partial of {shown(_bound_function(node))}"
    return None


def _bound_function(node: dict[str, Any]) -> str:
    content = node.get("content")
    function = content.get("func") if isinstance(content, dict) else None
    if not isinstance(function, dict) or function.get("__loader__") != "FunctionNode":
        return ""
    return f"{function.get('__module__')}.{function.get('__class__')}"
