"""Keeps the process small: libraries that scikit-learn would import just because they are installed stay out.

A development environment has them; the serving image does not. Blocked here, both behave the same, and the API
starts and swaps faster.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ABSENT = frozenset({"matplotlib", "mlflow", "pandas", "pyarrow", "pyspark"})

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


class _AbsentFinder(MetaPathFinder):
    """Says that a library is not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Nothing for other modules; an import error for the absent ones."""
        del path, target
        if fullname in ABSENT:
            raise ModuleNotFoundError(f"{fullname} is not part of the model API", name=fullname)
        return None


def stay_lean() -> None:
    """Make this process behave as if the absent libraries were not installed, and predict on one core.

    Requests run side by side, not the parts of one: threads that wait for each other make every answer slower as soon
    as the machine has anything else to do. A number of threads that is set outside stands.
    """
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")
    # Polars asks the finders which libraries exist, so it has to be loaded before one of them says no.
    import polars  # noqa: F401

    sys.meta_path.insert(0, _AbsentFinder())
