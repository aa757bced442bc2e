"""What holds for every test."""

from __future__ import annotations

import sys

# A test process of xdist has a main module without a file. PySpark takes such a process for a run of its own doctests
# and ends it, and Great Expectations imports PySpark wherever it is installed.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__
