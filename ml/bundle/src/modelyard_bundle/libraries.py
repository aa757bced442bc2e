"""The libraries whose versions decide whether a model behaves as it did when it was trained."""

from __future__ import annotations

import platform
from importlib import metadata

RECORDED = ("numpy", "polars", "scikit-learn", "skops")


def installed_libraries() -> dict[str, str]:
    """The installed version of each recorded library, and Python's own; absent ones are left out."""
    found = {"python": platform.python_version()}
    for name in RECORDED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
