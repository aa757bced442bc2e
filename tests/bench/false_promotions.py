"""How often equal models are promoted, and how often better ones are: our rule beside the unpaired 90% rule.

A simulation, not a race: labels, and two models whose scores share most of their noise, as two trainings of the same
model do. The peer is the rule that many teams start from: draw other rows for each model a hundred times, promote if
the candidate is at least as good in nine of ten.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from figures import Figure

CONFIDENCE = 0.95
RESAMPLES = 200
PEER_RESAMPLES = 100
TRIALS = 1_000
MOST_FALSE = 1 - CONFIDENCE
LEAST_POWER, PEER_POWER = 0.6, 0.2
MONTE_CARLO = 2.0
"""Standard errors of a simulated share that it may lie above the limit without being called above it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One kind of test set and of rivals."""

    name: str
    rows: int = 400
    ones: float = 0.3
    shared: float = 0.9
    """The share of noise that both models have in common."""
    gain: float = 0.0
    digits: int = 15
    """Scores are rounded to so many digits: few make ties."""


EQUAL = (
    Setting("equal models, 400 rows, 90% of their noise in common"),
    Setting("equal models, 80% in common", shared=0.8),
    Setting("equal models, nothing in common", shared=0.0),
    Setting("equal models, 99% in common", shared=0.99),
    Setting("equal models, scores of one digit", digits=1),
    Setting("equal models, 1% ones, 4,000 rows", rows=4_000, ones=0.01),
)
BETTER = Setting("a modestly better model, 400 rows, 90% in common", gain=0.13)
MORE_BETTER = (
    Setting("a modestly better model, 80% in common", shared=0.8, gain=0.18),
    Setting("a clearly better model", gain=0.25),
)


def measure(work: Path, *, runs: int) -> list[Figure]:
    """Simulates; `runs` times the usual number of trials."""
    del work
    begun = time.perf_counter()
    trials = TRIALS * runs
    # Forked workers keep this module; a thread of our own is not running yet.
    with ProcessPoolExecutor() as pool:
        shares = dict(zip(_names(), pool.map(_simulated, [(one, trials) for one in _settings()]), strict=True))
    false = [shares[one.name][0] for one in EQUAL]
    ours, peer = shares[BETTER.name]
    facts: dict[str, float | str] = {
        name: f"ours {own:.1%}, unpaired 90% rule {other:.1%}" for name, (own, other) in shares.items()
    }
    facts |= {
        "trials of each": trials,
        "resamples": f"ours {RESAMPLES}, peer {PEER_RESAMPLES}",
        "seconds": round(time.perf_counter() - begun, 1),
    }
    limit = MOST_FALSE + MONTE_CARLO * (MOST_FALSE * CONFIDENCE / trials) ** 0.5
    return [
        Figure(
            name="false-promotions",
            what="the share of simulated comparisons of equal models that end in a promotion; worst of six settings",
            ours=max(false),
            peer=None,
            ratio=None,
            goal=f"at most {MOST_FALSE:.0%}",
            met=max(false) <= limit,
            runs=trials,
            spread=(min(false), max(false)),
            samples={"ours": false},
            facts=facts,
            unit="share",
        ),
        Figure(
            name="power-vs-unpaired",
            what="the share of simulated comparisons in which a modestly better model is promoted",
            ours=ours,
            peer=peer,
            ratio=ours / peer if peer else None,
            goal=f"at least {LEAST_POWER:.0%} where the peer has under {PEER_POWER:.0%}",
            met=ours >= LEAST_POWER and peer < PEER_POWER,
            runs=trials,
            spread=(ours / peer, ours / peer) if peer else (ours, ours),
            samples={"ours": [ours], "peer": [peer]},
            unit="share",
        ),
    ]


def _settings() -> Iterator[Setting]:
    yield from (*EQUAL, BETTER, *MORE_BETTER)


def _names() -> Iterator[str]:
    return (one.name for one in _settings())


def _simulated(wanted: tuple[Setting, int]) -> tuple[float, float]:
    """The share of trials in which our rule promotes, and in which the peer's does."""
    setting, trials = wanted
    promoted = np.array([_promoted(setting, trial) for trial in range(trials)])
    return float(promoted[:, 0].mean()), float(promoted[:, 1].mean())


def _promoted(setting: Setting, trial: int) -> tuple[bool, bool]:
    from modelyard.evaluation.comparison import Scored, compare

    labels, new, old = _drawn(setting, trial)
    until = "2013-06-01T00:00:00"
    rivals = (
        Scored(version=2, scores=new, learned_until=until),
        Scored(version=1, scores=old, learned_until=until),
    )

    def wins(**rule: object) -> bool:
        settings = {"model": "m", "metric": "roc_auc", "slices": {}, "confidence": CONFIDENCE, "seed": trial, **rule}
        rows = {"start": until, "end": until, "data_versions": {}}
        return compare(labels, *rivals, test_rows=rows, **settings).verdict == "candidate_wins"

    return wins(resamples=RESAMPLES), wins(resamples=PEER_RESAMPLES, rule="unpaired_90")


def _drawn(setting: Setting, trial: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(trial)
    labels = np.zeros(setting.rows)
    labels[: round(setting.rows * setting.ones)] = 1
    shared = generator.normal(size=setting.rows)

    def scored(skill: float) -> np.ndarray:
        own = generator.normal(size=setting.rows)
        logit = skill * labels + setting.shared**0.5 * shared + (1 - setting.shared) ** 0.5 * own
        return np.round(1 / (1 + np.exp(-logit)), setting.digits)

    return labels, scored(1.2 + setting.gain), scored(1.2)
