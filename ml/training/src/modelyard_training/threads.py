"""How many threads learning takes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def few_threads() -> Iterator[None]:
    """Leave one core free while a model learns.

    OpenMP's threads spin while they wait for one another. Where other work wants the same cores, a fit of one second
    then takes half a minute; with a core to spare it does not.
    """
    from threadpoolctl import threadpool_limits

    # Only what is loaded can be limited, and scikit-learn loads its OpenMP with its estimators.
    importlib.import_module("sklearn.ensemble")
    with threadpool_limits(max(1, cores() - 1)):
        yield


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
