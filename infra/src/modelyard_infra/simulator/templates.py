"""Little templates in the tables of rules: `{name}`, `{at:PATH}`, `{see:PATH:OUTPUT}`.

    name id type location subscription group parent parent_name   of the resource that is asked for
    lower:name                                                    the same in lower case
    at:PATH, or just PATH                                         a value of its own
    see:PATH:OUTPUT                                               an output of the resource whose id stands at PATH
    guid:LABEL digits word public_ip static_ip revision created   made up, the same for one incarnation of a resource

Anything else comes with the refusal: `{old}`, `{user}`, `{reference}`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import uuid
from collections.abc import Mapping

from modelyard_infra.simulator import arm_id
from modelyard_infra.simulator.paths import first_at
from modelyard_infra.simulator.request import Request

PLACE = re.compile(r"\{([\w:.\[\]]+)\}")
WORDS = ("agreeablesea", "braveriver", "calmfield", "gentlehill", "happywave", "kindforest", "lemonstone", "proudmoon")
NAMESPACE = uuid.UUID("d1c1b0a4-5a0c-5d7e-9a80-0c2f6f2a7a6e")
EPOCH = "2026-01-01T00:00:00Z"
RESERVED_ADDRESSES = 10


def fill(template: str, request: Request, facts: Mapping[str, object]) -> str:
    """The template with its places filled; an empty text where there is nothing."""
    return PLACE.sub(lambda found: _value(found.group(1), request, facts), template)


def _value(name: str, request: Request, facts: Mapping[str, object]) -> str:
    if name in facts:
        return str(facts[name])
    word, _, rest = name.partition(":")
    if word == "lower":
        return _value(rest, request, facts).lower()
    if word == "at":
        return _text(first_at(request.body, rest))
    if word == "see":
        path, _, output = rest.partition(":")
        other = request.tables.get(_text(first_at(request.body, path)))
        return _text(first_at(other.body, output)) if other else ""
    return _own(word, rest, request)


def _own(word: str, label: str, request: Request) -> str:
    parent = next(arm_id.ancestors(request.id), "")
    known = {
        "name": request.name,
        "id": request.id,
        "type": request.type.arm,
        "location": request.location,
        "subscription": arm_id.subscription_of(request.id),
        "group": arm_id.group_of(request.id),
        "parent": parent,
        "parent_name": arm_id.name_of(parent),
        "tenant": request.tenant,
        "created": EPOCH,
        "revision": f"{request.incarnation:07x}",
    }
    if word in known:
        return known[word]
    given = first_at({**request.properties, **request.body}, word)
    return _text(given) if given is not None else _made_up(word, label, request)


def _made_up(word: str, label: str, request: Request) -> str:
    seed = f"{arm_id.key(request.id)}#{request.incarnation}#{label}"
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    if word == "guid":
        return str(uuid.uuid5(NAMESPACE, seed))
    if word == "digits":
        return str(number)[:16]
    if word == "word":
        return f"{WORDS[number % len(WORDS)]}-{number % 0xFFFFFFFF:08x}"
    if word == "public_ip":
        return str(ipaddress.IPv4Address("20.50.0.0") + number % 0xFFFF)
    if word == "static_ip":
        return _static_ip(request, number)
    return ""


def _static_ip(request: Request, number: int) -> str:
    """Inside the subnet for an internal environment, else a public address."""
    network = first_at(request.body, "vnetConfiguration") or {}
    subnet = request.tables.get(_text(network.get("infrastructureSubnetId"))) if network.get("internal") else None
    if subnet is None:
        return str(ipaddress.IPv4Address("20.60.0.0") + number % 0xFFFF)
    return str(ipaddress.ip_network(_text(first_at(subnet.body, "addressPrefix")))[RESERVED_ADDRESSES])


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
