"""What the identity behind a job's token may do beyond reading.

Source: REST reference, "Security - Access Control Lists" and "Access Control Entries" 7.1; namespaces and bits:
Microsoft Learn, "Security namespace and permission reference".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from modelyard.delivery.azure_devops.bootstrapping.desk import PROJECT, REPOSITORY, Desk, Json
from modelyard.delivery.azure_devops.bootstrapping.thing import Thing

GIT, BUILD = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87", "33344d9c-fc72-4d6f-aba5-fa317101a7e9"
"""Security namespaces."""
GIT_READ, GIT_COMMENT = 2, 16384
BUILD_VIEW, BUILD_QUEUE, BUILD_VIEW_DEFINITION = 1, 128, 1024


def permission_things(desk: Desk) -> Iterator[Thing]:
    """What a job's own token may do beyond reading: comment on pull requests, start a pipeline."""
    yield _entries(
        desk,
        "comments on pull requests",
        GIT,
        allow=GIT_READ | GIT_COMMENT,
        why="the preview of a pull request is one comment",
    )
    yield _entries(
        desk,
        "queues pipelines",
        BUILD,
        allow=BUILD_VIEW | BUILD_QUEUE | BUILD_VIEW_DEFINITION,
        why="a promotion starts a release",
    )


def build_identity(desk: Desk) -> str:
    """Descriptor of the identity behind a job's token. The service makes it with the first run; its form is fixed."""
    ending = f":Build:{desk.project_id}".lower()
    name = f"{desk.wishes.project} Build Service"
    for one in desk.service.identities("General", name):
        if str(one.get("descriptor", "")).lower().endswith(ending):
            return str(one["descriptor"])
    return f"Microsoft.TeamFoundation.ServiceIdentity;{desk.wishes.organisation_id}:Build:{desk.project_id}"


def _entries(desk: Desk, title: str, namespace: str, *, allow: int, why: str) -> Thing:
    """One entry of an access control list. Bits that others set stay; a denial of ours is taken back."""

    def place() -> str:
        return f"repoV2/{desk.project_id}/{desk.repository_id}" if namespace == GIT else desk.project_id

    def find() -> Json:
        who, token = build_identity(desk), place()
        for acl in desk.service.every(f"/accesscontrollists/{namespace}", token=token, descriptors=who):
            for descriptor, entry in (acl.get("acesDictionary") or {}).items():
                if descriptor.lower() == who.lower():
                    return {"allow": entry.get("allow", 0), "deny": entry.get("deny", 0)}
        return {"allow": 0, "deny": 0}

    def change(found: Json, _: Json) -> Json:
        entry = {"descriptor": build_identity(desk), "allow": found["allow"] | allow, "deny": found["deny"] & ~allow}
        body = {"token": place(), "merge": False, "accessControlEntries": [entry]}
        return desk.service.write("POST", f"/accesscontrolentries/{namespace}", body)

    return Thing(
        kind="build identity",
        name=title,
        why=why,
        find=find,
        wanted=lambda: {"allow": allow},
        change=change,
        needs=((PROJECT, desk.wishes.project), (REPOSITORY, desk.wishes.repository)),
        differs=partial(_bits_differ, allow),
    )


def _bits_differ(allow: int, _: Json, found: Json) -> tuple[str, ...]:
    missing, denied = allow & ~found["allow"], allow & found["deny"]
    return tuple(f"{name}: bits {bits}" for name, bits in (("not allowed yet", missing), ("denied", denied)) if bits)
