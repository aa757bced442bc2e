"""How a candidate is tried before it answers everything: what canaries, shadows and A/B tests are held to."""

from __future__ import annotations

from pydantic import Field

from modelyard.environment.settings import Section


class Rollout(Section):
    """Limits of a rollout. A candidate is held against the version that answers beside it, at the same time."""

    most_errors: float = Field(gt=0, le=0.2)
    """Share of the requests that the candidate may fail beyond what the deployed version fails. One that fails three
    times as many is found out."""
    most_slow: float = Field(gt=0, le=0.2)
    """Share of the answers that may exceed latency_budget_ms beyond those of the deployed version."""
    alpha: float = Field(gt=0, le=0.5)
    """How often a candidate within its limits is taken back, at most, over the whole rollout."""
    beta: float = Field(gt=0, le=0.5)
    """How often a candidate that is three times as bad as allowed passes, at most."""
    least_requests: int = Field(ge=1, le=1_000_000)
    """No verdict before the candidate answered so many."""
    tolerance: float = Field(ge=0)
    """How far a shadow's prediction may be from the one that was given: absolute, and relative above 1."""
