"""Carriers on their way into CLEAN."""

from __future__ import annotations

from typing import Any

import narwhals as nw


def clean(raw: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rename."""
    return raw.rename({"name": "carrier_name"})
