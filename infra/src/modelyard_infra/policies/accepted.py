"""Advisory findings that are known and accepted, each with the reason. A test holds the blueprints to this list."""

from __future__ import annotations

from typing import NamedTuple


class Acceptance(NamedTuple):
    """One rule that one environment's own blueprint breaks knowingly."""

    rule: str
    environment: str
    reason: str


ACCEPTED = (
    Acceptance(
        "public-access-known",
        "dev",
        "dev is small and has no agents inside its network. Lake and vault let in the ranges of the environment file "
        "only; the registry is Basic, which has no firewall, and asks for a sign-in like the others.",
    ),
    Acceptance(
        "logs-closed",
        "test",
        "Logs hold no data of batches. Closing their query needs an Azure Monitor Private Link Scope, which changes "
        "the names of Azure Monitor for every network that is joined with this one.",
    ),
    Acceptance(
        "logs-closed",
        "prod",
        "The same as in test; reading them needs a role, and keys are off.",
    ),
    Acceptance(
        "own-keys",
        "prod",
        "Data at rest is encrypted with Azure's keys, the lake's twice. Keys of one's own add a way to lose all data; "
        "an organisation that must have them finds here where they are missing.",
    ),
)
