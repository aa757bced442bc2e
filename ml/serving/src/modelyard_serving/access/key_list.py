"""The list of API keys: hashes with a secret that is kept elsewhere, read strictly.

    {"format": 1, "keys": [{"id": "k3v9…", "client": "desk", "hash": "<hex>", "roles": ["predict"], "models": null,
                            "created": "2026-01-31T12:00:00+00:00", "expires": "2027-01-31T12:00:00+00:00"}]}

A key is `ID.SECRET`; its hash is HMAC-SHA-256 over the whole of it. The secret has 256 random bits, so a slow hash
would protect nothing; the pepper makes the list alone useless even for testing a key that was seen somewhere.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from modelyard_bundle import BundleError
from modelyard_bundle.documents import DIGEST, MODEL_NAME, Fields, parse_document, shown
from modelyard_serving.access.caller import Caller
from modelyard_serving.access.roles import Role

FORMAT = 1
KEY_FORM = re.compile(r"([a-z0-9]{12})\.[A-Za-z0-9_-]{43}")
"""Id and secret: 60 and 256 random bits."""
VALID_AT_ONCE = 2
"""Of one client: the key in use, and the one that follows it."""
_ID = re.compile(r"[a-z0-9]{12}")
_CLIENT = re.compile(r"[a-z0-9](-?[a-z0-9]){0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """What is kept of one key."""

    hash: bytes
    """HMAC-SHA-256 of the key under the pepper."""
    expires: float
    """Seconds since 1970 from which on it is refused."""
    caller: Caller


def hash_key(key: str, pepper: bytes) -> bytes:
    """What is kept of a key."""
    return hmac.digest(pepper, key.encode(), "sha256")


def parse_key_list(content: bytes, *, where: str, now: float) -> Mapping[str, ListedKey]:
    """The keys by id.

    Raises:
        BundleError: The list is not what it has to be; it says where, what was found and what is allowed.
    """
    fields = Fields(parse_document(content, where=where), where=where)
    if (found := fields.take("format")) != FORMAT or isinstance(found, bool):
        raise BundleError(f"format is {shown(found)}, allowed is {FORMAT}", where=where)
    entries = fields.take("keys")
    fields.end()
    if not isinstance(entries, list):
        raise BundleError(f"keys is {shown(entries)}, allowed is a list", where=where)
    keys: dict[str, ListedKey] = {}
    for index, entry in enumerate(entries):
        name, key = _parse_key(Fields(entry, where=f"{where}: keys[{index}]"), f"{where}: keys[{index}]")
        if name in keys:
            raise BundleError(f"id {name} appears twice", where=where)
        keys[name] = key
    _check_rotation(keys, where=where, now=now)
    return keys


def _parse_key(fields: Fields, where: str) -> tuple[str, ListedKey]:
    name, client = fields.text("id", _ID), fields.text("client", _CLIENT)
    digest = bytes.fromhex(fields.text("hash", DIGEST))
    roles = frozenset(_role(text, where) for text in fields.texts("roles"))
    models = fields.take("models")
    allowed = None if models is None else frozenset(Fields({"models": models}, where=where).texts("models"))
    for model in allowed or ():
        if MODEL_NAME.fullmatch(model) is None:
            raise BundleError(f"models holds {shown(model)}, allowed is {MODEL_NAME.pattern}", where=where)
    created, expires = _moment(fields, "created", where), _moment(fields, "expires", where)
    fields.end()
    if expires <= created:
        raise BundleError("expires is not after created", where=where)
    caller = Caller(client=client, credential=f"key {name}", roles=roles, models=allowed)
    return name, ListedKey(hash=digest, expires=expires, caller=caller)


def _role(text: str, where: str) -> Role:
    if text not in {role.value for role in Role}:
        raise BundleError(f"roles holds {shown(text)}, allowed are {', '.join(Role)}", where=where)
    return Role(text)


def _moment(fields: Fields, key: str, where: str) -> float:
    text = fields.text(key)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        allowed = "an ISO 8601 time with its offset, such as 2027-01-31T12:00:00+00:00"
        raise BundleError(f"{key} is {shown(text)}, allowed is {allowed}", where=where)
    return moment.timestamp()


def _check_rotation(keys: Mapping[str, ListedKey], *, where: str, now: float) -> None:
    valid = Counter(key.caller.client for key in keys.values() if key.expires > now)
    for client, count in sorted(valid.items()):
        if count > VALID_AT_ONCE:
            raise BundleError(f"{client} has {count} valid keys, allowed are {VALID_AT_ONCE}", where=where)
