"""Names of Azure resources: Azure's own rules as a table, and the names that an environment's resources get.

Rules: Microsoft Learn, "Naming rules and restrictions for Azure resources", and where Azure's type definitions are
narrower (PostgreSQL: no two hyphens in a row), those; for Container Apps the service's own message ("lower case
alphanumeric characters or '-', start with a letter, end with an alphanumeric, no '--', less than 33 characters").
Abbreviations: Cloud Adoption Framework, "Abbreviation recommendations".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

ALPHANUMERIC_ENDS = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
NETWORK_CHARACTERS = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"
LOWER_WITH_HYPHENS = r"[a-z]([a-z0-9]|-(?!-))*[a-z0-9]"
ANY_BUT_RESERVED = r"[^<>*%&:\\?+/#]*[^<>*%&:\\?+/#. ]"
ANY_BUT_RESERVED_OR_BRACES = r"[^<>*%&:\\?+/#@{}]*[^<>*%&:\\?+/#@{}. ]"
SUFFIX_LENGTH = 5


class NameRule(NamedTuple):
    """What Azure allows as the name of one kind of resource, and how we write it."""

    abbreviation: str
    """Starts the name."""
    shortest: int
    """Characters at least."""
    longest: int
    """Characters at most."""
    pattern: str
    """What the whole name matches."""
    allowed: str
    """The pattern in words."""
    worldwide: bool = False
    """Whether nobody else in the world may have this name; such names get a suffix."""
    joint: str = "-"
    """What stands between the parts of a name that we make."""


NAME_RULES: dict[str, NameRule] = {
    "resource group": NameRule(
        "rg", 1, 90, r"[\w().-]*[\w()-]", "letters, digits, _ ( ) . -, and no full stop at the end"
    ),
    "storage account": NameRule("st", 3, 24, r"[a-z0-9]+", "lower-case letters and digits", True, ""),
    "state account": NameRule("sts", 3, 24, r"[a-z0-9]+", "lower-case letters and digits", True, ""),
    "file system": NameRule(
        "fs", 3, 63, r"[a-z0-9](-?[a-z0-9])*", "lower-case letters, digits and single hyphens inside"
    ),
    "key vault": NameRule(
        "kv",
        3,
        24,
        r"[A-Za-z](-?[A-Za-z0-9])*",
        "letters, digits and single hyphens, from a letter to a letter or digit",
        True,
    ),
    "state vault": NameRule("kvs", 3, 24, r"[A-Za-z](-?[A-Za-z0-9])*", "letters and digits, from a letter", True, ""),
    "registry": NameRule("cr", 5, 50, r"[A-Za-z0-9]+", "letters and digits", True, ""),
    "container app": NameRule(
        "ca", 2, 32, LOWER_WITH_HYPHENS, "lower-case letters, digits and single hyphens, starting with a letter"
    ),
    "container job": NameRule(
        "caj", 2, 32, LOWER_WITH_HYPHENS, "lower-case letters, digits and single hyphens, starting with a letter"
    ),
    "container environment": NameRule(
        "cae", 2, 60, LOWER_WITH_HYPHENS, "lower-case letters, digits and single hyphens, starting with a letter"
    ),
    "postgres server": NameRule(
        "psql", 3, 63, r"[a-z0-9](-?[a-z0-9])*", "lower-case letters, digits and single hyphens inside", True
    ),
    "databricks workspace": NameRule("dbw", 3, 64, r"[A-Za-z0-9_-]+", "letters, digits, _ and -"),
    "databricks connector": NameRule("dbac", 3, 64, r"[A-Za-z0-9_-]+", "letters, digits, _ and -"),
    "identity": NameRule(
        "id", 3, 128, r"[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, _ and -, starting with a letter or digit"
    ),
    "virtual network": NameRule("vnet", 2, 64, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "subnet": NameRule("snet", 1, 80, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "security group": NameRule("nsg", 1, 80, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "private endpoint": NameRule("pep", 2, 64, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "network interface": NameRule("nic", 1, 80, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "nat gateway": NameRule("ng", 1, 80, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "public address": NameRule("pip", 1, 80, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "zone link": NameRule("link", 1, 80, NETWORK_CHARACTERS, "letters, digits, _ . and -"),
    "log workspace": NameRule("log", 4, 63, ALPHANUMERIC_ENDS, "letters, digits and hyphens inside"),
    "application insights": NameRule(
        "appi", 1, 260, r"[^%&\\?/]*[^%&\\?/. ]", r"anything but % & \ ? /, and no full stop or space at the end"
    ),
    "action group": NameRule("ag", 1, 260, ANY_BUT_RESERVED, r"anything but < > * % & : \ ? + / #"),
    "alert": NameRule("ar", 1, 260, ANY_BUT_RESERVED_OR_BRACES, r"anything but < > * % & : \ ? + / # @ { }"),
    "diagnostic setting": NameRule("diag", 1, 260, ANY_BUT_RESERVED, r"anything but < > * % & : \ ? + / #"),
    "budget": NameRule("budget", 1, 63, r"[A-Za-z0-9_-]+", "letters, digits, _ and -"),
    "lock": NameRule("lock", 1, 90, r"[\w().-]*[\w()-]", "letters, digits, _ ( ) . -, and no full stop at the end"),
}
"""By kind of resource. `file system` is checked as the file says it; all other names are derived."""

ONE_EACH = tuple(kind for kind in NAME_RULES if kind not in {"file system"})
"""Kinds whose derived names are checked when an environment is loaded."""


def why_refused(kind: str, name: str) -> str:
    """What Azure allows, when it would refuse `name` for this kind of resource; empty when the name is good."""
    rule = NAME_RULES[kind]
    fits = rule.shortest <= len(name) <= rule.longest and name.isascii()
    if fits and re.fullmatch(rule.pattern, name):
        return ""
    return f"{rule.shortest} to {rule.longest} characters: {rule.allowed}"


class NameParts(NamedTuple):
    """What the names of one environment are made of."""

    prefix: str
    """The project's short name."""
    environment: str
    """dev, test, prod."""
    region_code: str
    """Short code of the region."""
    subscription_id: str
    """Makes names that must be worldwide unique differ from other people's."""

    @property
    def suffix(self) -> str:
        """Five letters and digits that are the same for the same subscription, prefix, environment and region."""
        seed = "/".join((self.subscription_id, self.prefix, self.environment, self.region_code))
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
        alphabet = "abcdefghijklmnopqrstuvwxyz234567"
        return "".join(alphabet[(number >> (5 * place)) & 31] for place in range(SUFFIX_LENGTH))


def name_of(kind: str, parts: NameParts, purpose: str = "") -> str:
    """The name of the environment's resource of this kind; `purpose` tells several of one kind apart.

    The name is not checked: `why_refused` does that, and loading an environment has done it for every kind.
    """
    rule = NAME_RULES[kind]
    pieces = [rule.abbreviation, parts.prefix, purpose, parts.environment, parts.region_code]
    if rule.worldwide:
        pieces.append(parts.suffix)
    return rule.joint.join(piece for piece in pieces if piece)


def illegal_names(parts: NameParts) -> Iterator[tuple[str, str, str]]:
    """(kind, name, what is allowed) for every derived name that Azure would refuse."""
    for kind in ONE_EACH:
        name = name_of(kind, parts)
        allowed = why_refused(kind, name)
        if allowed:
            yield kind, name, allowed
