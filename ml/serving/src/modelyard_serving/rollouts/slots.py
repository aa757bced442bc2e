"""Runs of numbers in memory that workers share with the host: a worker adds, the host sums over workers and reads."""

from __future__ import annotations

from typing import TypeAlias

Slots: TypeAlias = "memoryview[float]"
"""Numbers of the form "d". Everything in them is a sum, so that those of several workers can be added up."""
