"""How often frozen rows have carried a decision, and what a further one must show.

Who compares one candidate after another on the same rows will find a winner by chance: the best of ten equal ones
passes a 95% test every fourth time. So the k-th comparison on the same rows must be surer: it may be wrong in
alpha / k^2 of the cases instead of alpha. The first decision costs nothing, and however many follow, the chance that
any model that is no better ever wins on these rows stays below alpha * pi^2 / 6 (Foster and Stine 2008 call this
spending alpha; the sum is the union bound).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_GROWS = frozenset({"data_versions", "rows"})
"""What may differ between two descriptions of the same rows: the table grew, the frozen part of it did not."""


def needed_confidence(confidence: float, use: int) -> float:
    """The one-sided confidence that the comparison number `use` on the same rows must reach."""
    return 1 - (1 - confidence) / use**2


def same_rows(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two descriptions of frozen rows mean the same part of the data, at whatever version of the table."""
    return _identity(one) == _identity(other)


def use_of_rows(
    kept: Iterable[Mapping[str, Any] | None], *, candidate: int, production: int | None, test_rows: Mapping[str, Any]
) -> int:
    """Which comparison on these rows this one is, counted from 1.

    A comparison that is made again has the number that it had before, so that its evidence stays the same. A
    comparison with nothing decides nothing and is not counted.

    Args:
        kept: The model's comparisons so far, as `Comparison.to_document` gives them. None stands for one that cannot
            be read: it is counted, for the stricter answer is the safe one.
        candidate: The version to be compared.
        production: The version it is compared with.
        test_rows: The frozen rows.
    """
    others = 0
    for document in kept:
        if document is None:
            others += 1
        elif document["production"] is not None and same_rows(document["test_rows"], test_rows):
            if (document["candidate"], document["production"]) == (candidate, production):
                return int(document.get("use", 1))
            others += 1
    return others + 1


def _identity(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in rows.items() if name not in _GROWS
    }
