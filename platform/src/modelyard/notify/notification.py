"""What people are told: one event, in words that let them act."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Notification:
    """One event that somebody should know of."""

    kind: str
    """What sort of event, such as "batch refused" or "model promoted"."""
    title: str
    """One line that makes sense alone."""
    what: str
    """What happened, in a sentence or a few."""
    where: str
    """Where: a table, a folder, a model version, an address."""
    how_much: str
    """How much of it, with the unit."""
    next_step: str
    """What to do now: a command where there is one."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further facts, by name. Never a secret, never a row of data."""
    event: str = ""
    """What makes two notifications the same event, such as a batch's digest. Empty: all that they say."""

    @property
    def id(self) -> str:
        """The same for the same event, so that a step that is run again tells nobody twice. 16 hex digits."""
        identity = [self.kind, self.event] if self.event else self._content()
        return hashlib.sha256(json.dumps(identity, ensure_ascii=False).encode()).hexdigest()[:ID_LENGTH]

    def to_json(self) -> dict[str, object]:
        """The notification as one JSON document."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "what": self.what,
            "where": self.where,
            "how_much": self.how_much,
            "next_step": self.next_step,
            "facts": dict(self.facts),
            "event": self.event,
        }

    def _content(self) -> list[object]:
        words = [self.kind, self.title, self.what, self.where, self.how_much, self.next_step]
        return [*words, sorted(self.facts.items())]
