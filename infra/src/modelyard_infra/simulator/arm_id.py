"""ARM resource ids: made from templates, taken apart, compared.

An id is `/subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME/TYPE/NAME`. Case makes no difference in it. An
extension resource stands behind the id of what it extends, from the last `/providers/` on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

SUBSCRIPTION = "subscriptionId"
GROUP = "resourceGroupName"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
PLACE = re.compile(r"\{(\w+)\}")
PROVIDERS = "/providers/"
WHOLE_IDS = ("scope", "resourceUri", "resourceId")
"""Path parameters that hold a whole id."""


def key(identity: str) -> str:
    """The form in which ids are compared."""
    return re.sub("/+", "/", "/" + identity.strip("/")).lower()


@lru_cache
def parameters(template: str) -> tuple[str, ...]:
    """The names of a template's parameters, in order."""
    return tuple(PLACE.findall(template))


def fill(template: str, values: Mapping[str, object]) -> str:
    """The id of a resource.

    Raises:
        KeyError: a parameter is missing.
    """
    filled = PLACE.sub(lambda found: str(values[found.group(1)]).strip("/"), template)
    return "/" + filled.strip("/")


def match(template: str, identity: str) -> dict[str, str] | None:
    """The parameters that make an id of a template, or None if it is none of its ids."""
    found = _pattern(template).fullmatch("/" + identity.strip("/"))
    if found is None:
        return None
    return {name: f"/{value.strip('/')}" if name in WHOLE_IDS else value for name, value in found.groupdict().items()}


@lru_cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = PLACE.split("/" + template.strip("/"))
    texts = [re.escape(part) for part in parts[0::2]]
    groups = [f"(?P<{name}>{'.+?' if name in WHOLE_IDS else '[^/]+'})" for name in parts[1::2]]
    pattern = "".join(text + group for text, group in zip(texts, [*groups, ""], strict=True))
    return re.compile(pattern, re.IGNORECASE)


def name_of(identity: str) -> str:
    """The last name in an id."""
    return identity.rstrip("/").rpartition("/")[2]


def subscription_of(identity: str) -> str:
    """The subscription's id, or nothing for an id above subscriptions."""
    return _after(identity, "subscriptions")


def group_of(identity: str) -> str:
    """The resource group's name, or nothing."""
    return _after(identity, "resourcegroups")


def _after(identity: str, word: str) -> str:
    parts = identity.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    index = lowered.index(word) + 1 if word in lowered else len(parts)
    return parts[index] if index < len(parts) else ""


def group_id(identity: str) -> str:
    """The id of the resource group that an id lies in, or nothing."""
    group = group_of(identity)
    return f"/subscriptions/{subscription_of(identity)}/resourceGroups/{group}" if group else ""


def type_of(identity: str) -> str:
    """The ARM type of what an id names: `Microsoft.Storage/storageAccounts/blobServices`."""
    head, found, tail = identity.strip("/").rpartition("providers/")
    del head
    if not found:
        return GROUP_TYPE if group_of(identity) else "Microsoft.Resources/subscriptions"
    namespace, *rest = tail.split("/")
    return "/".join([namespace, *rest[0::2]])


def ancestors(identity: str) -> Iterator[str]:
    """What an id lies in, from the nearest to the resource group: parents, and the scope of an extension."""
    current = "/" + identity.strip("/")
    while PROVIDERS in current.lower():
        head, _, tail = current.rpartition(PROVIDERS)
        parts = tail.split("/")
        current = (
            f"{head}{PROVIDERS}{'/'.join(parts[:-2])}" if len(parts) > len(("namespace", "type", "name")) else head
        )
        if current and type_of(current) != "Microsoft.Resources/subscriptions":
            yield current
