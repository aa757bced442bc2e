"""What the gates know about a batch that was accepted earlier."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from modelyard.gates.profile import Profile


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """One batch of a source, as far as later batches are compared with it."""

    digest: str
    """sha256 of the file's bytes, in hex."""
    content: str
    """sha256 of the rows, whatever their order, format or file name."""
    file: str
    rows: int
    period: str | None
    """Such as 2013-01; None for snapshots."""
    accepted_at: datetime
    """With its time zone."""
    profile: Profile

    def to_json(self) -> str:
        """The batch as one JSON object."""
        fields = {name: getattr(self, name) for name in ("digest", "content", "file", "rows", "period")}
        profile = json.loads(self.profile.to_json())
        return json.dumps({**fields, "accepted_at": self.accepted_at.isoformat(), "profile": profile})

    @classmethod
    def from_json(cls, text: str) -> AcceptedBatch:
        """The batch that `to_json` wrote."""
        fields = json.loads(text)
        fields["accepted_at"] = datetime.fromisoformat(fields["accepted_at"])
        fields["profile"] = Profile.from_json(json.dumps(fields["profile"]))
        return cls(**fields)
