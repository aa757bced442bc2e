"""Bounds of a share that hold at every moment at once, so that one may look as often as one likes.

The share p is outside the bounds while the mixture of likelihoods over Jeffreys' prior is 1 / risk times its own:

    B(bad + 1/2, good + 1/2) / B(1/2, 1/2)  >=  (1 / risk) * p^bad * (1 - p)^good

For the true share that ever happens with a probability of `risk` at most (Ville's inequality; Robbins, Statistical
Methods Related to the Law of the Iterated Logarithm, Annals of Mathematical Statistics 41, 1970).
"""

from __future__ import annotations

import math

_HALVINGS = 40
_LOG_PI = math.log(math.pi)
"""Of the beta function at (1/2, 1/2)."""


def upper_bound(bad: int, seen: int, *, risk: float) -> float:
    """A share that the true one never exceeds, but with a probability of `risk`; 1 where nothing was seen."""
    if bad >= seen:
        return 1.0
    inside, outside = bad / seen, 1.0
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        if _is_outside(middle, bad, seen, risk=risk):
            outside = middle
        else:
            inside = middle
    return outside


def lower_bound(bad: int, seen: int, *, risk: float) -> float:
    """A share that the true one never falls below, but with a probability of `risk`; 0 where nothing was seen."""
    return 1.0 - upper_bound(seen - bad, seen, risk=risk) if seen else 0.0


def _is_outside(share: float, bad: int, seen: int, *, risk: float) -> bool:
    if not 0 < share < 1:
        return True
    good = seen - bad
    mixture = math.lgamma(bad + 0.5) + math.lgamma(good + 0.5) - math.lgamma(seen + 1) - _LOG_PI
    return mixture - bad * math.log(share) - good * math.log1p(-share) >= -math.log(risk)
