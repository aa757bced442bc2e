"""Shapley values of a function of rows, against rows that stand for what is usual.

The value of a set of features is the mean prediction when these come from the row to explain and all others from a
background row (Lundberg and Lee 2017, the interventional form). Few features: every set is looked at, and the result
is exact. More features: they enter in random orders, and each order is walked backwards too, whose error tends to be
the opposite (antithetic sampling, Mitchell et al. 2022). Either way base and contributions add up to the prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Masks = NDArray[np.bool_]
Evaluate = Callable[[Masks], Floats]
"""Takes sets of features (sets x features, true where a feature is in the set), gives the value of each."""
EXACT_FEATURES = 10
"""Up to so many features all their subsets are looked at: 1,024 of them."""
ORDERS = 32
"""Random orders of the features beyond that; each is walked forwards and backwards."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Values:
    """The value of no feature, and what each feature adds to it."""

    base: float
    contributions: Floats


def shapley_values(evaluate: Evaluate, features: int, *, orders: int = ORDERS, seed: int = SEED) -> Values:
    """The Shapley values of `features` features, exact where they are few.

    Args:
        evaluate: The value of each of some sets of features.
        features: How many there are.
        orders: How many random orders are drawn where there are many.
        seed: Of the random orders: the same request is explained in the same way.
    """
    if features <= EXACT_FEATURES:
        return _exact(evaluate, features)
    return _sampled(evaluate, features, orders=orders, seed=seed)


def _exact(evaluate: Evaluate, features: int) -> Values:
    sets = np.arange(2**features)
    masks = (sets[:, None] >> np.arange(features)) & 1 == 1
    values = evaluate(masks)
    sizes = masks.sum(axis=1)
    # With a feature, without it, everything else the same: weighted by how many orders pass through that pair.
    weights = np.array([1 / (features * comb(features - 1, size)) for size in range(features)])
    contributions = np.empty(features)
    for feature in range(features):
        without = sets[~masks[:, feature]]
        gains = values[without | (1 << feature)] - values[without]
        contributions[feature] = gains @ weights[sizes[without]]
    return Values(float(values[0]), contributions)


def _sampled(evaluate: Evaluate, features: int, *, orders: int, seed: int) -> Values:
    walks = np.array(list(_walks(features, orders, seed)))
    ranks = np.argsort(walks, axis=1)
    # After k steps of a walk the first k features of its order are in the set.
    steps = np.arange(1, features)
    between = ranks[:, None, :] < steps[None, :, None]
    ends = np.array([np.zeros(features), np.ones(features)]) == 1
    values = evaluate(np.concatenate([ends, between.reshape(-1, features)]))
    path = np.empty((len(walks), features + 1))
    path[:, 0], path[:, -1] = values[0], values[1]
    path[:, 1:-1] = values[2:].reshape(len(walks), features - 1)
    gains = np.diff(path, axis=1)
    return Values(float(values[0]), np.take_along_axis(gains, ranks, axis=1).mean(axis=0))


def _walks(features: int, orders: int, seed: int) -> Iterator[NDArray[np.intp]]:
    random = np.random.default_rng(seed)
    for _ in range(orders):
        order = random.permutation(features)
        yield order
        yield order[::-1]
