"""What every thing needs at hand: the service, what is wished for, what is known by now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from modelyard.delivery.azure_devops.bootstrapping.thing import Known
from modelyard.delivery.azure_devops.bootstrapping.wishes import Target, Wishes
from modelyard.delivery.azure_devops.rest.client import DevOps

Json = Any
PROJECT, REPOSITORY = "project", "repository"
PIPELINE, QUEUE, ENVIRONMENT = "pipeline", "agent queue", "environment"
CONNECTION, GROUP = "service connection", "variable group"
POOL, APPROVER, IDENTITY = "agent pool", "approver", "identity"
"""Kinds of things, as tables show them and as ids are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One run's tools."""

    service: DevOps
    wishes: Wishes
    known: Known
    client_of: Callable[[Target], str]
    """Client id of the identity that a target's connection signs in as; empty while there is none."""
    webhook_key: str = field(default="", repr=False)
    """Signs what is posted to webhooks; empty where nobody gave one."""

    @property
    def project_id(self) -> str:
        """Id of the project."""
        return self.known.id(PROJECT, self.wishes.project)

    @property
    def repository_id(self) -> str:
        """Id of the repository."""
        return self.known.id(REPOSITORY, self.wishes.repository)

    def id(self, kind: str, name: str) -> str:
        """Id of a thing that is known."""
        return self.known.id(kind, name)

    def keeps(self, kind: str, name: str) -> Callable[[Json], None]:
        """Remembers the id of what was found or made."""
        return lambda found: self.known.keep(kind, name, found["id"])


def named(found: Iterable[Json], name: str) -> Json | None:
    """The one with this name: services search by prefix, or without regard to case."""
    return next((one for one in found if str(one.get("name", "")).lower() == name.lower()), None)
