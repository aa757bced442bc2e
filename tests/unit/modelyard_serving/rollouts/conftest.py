from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from modelyard_bundle.rollout import Candidate, Key, Rollout, RolloutLimits

DIGEST = "cd" * 32


@pytest.fixture
def canary() -> Rollout:
    limits = RolloutLimits(most_errors=0.01, latency_ms=50, most_slow=0.05, alpha=0.05, beta=0.05, least_requests=50)
    return Rollout(
        mode="canary",
        candidate=Candidate(version="2", digest=DIGEST, bundle=f"tiny/2-{DIGEST[:12]}"),
        percent=10,
        salt="0123456789abcdef",
        started_at="2013-06-01T00:00:00+00:00",
        limits=limits,
    )


@pytest.fixture
def ab(canary: Rollout) -> Callable[[str, str], Rollout]:
    """An A/B test by a header or a feature."""

    def make(source: str, name: str) -> Rollout:
        return replace(canary, mode="ab", percent=50, key=Key(source=source, name=name))

    return make


@pytest.fixture
def slots() -> Callable[[int], memoryview]:
    """Numbers as a worker has them."""
    return lambda size: memoryview(bytearray(size * 8)).cast("d")
