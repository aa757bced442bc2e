"""The contract suite on a model folder and the table that it learns from."""

from __future__ import annotations

from modelyard.composition import Platform
from modelyard.lake.layers import Layer, Table
from modelyard.models.conformance import ConformanceReport, check_model
from modelyard.models.discovery import find_model


def check_folder(platform: Platform, name: str, *, rows: int) -> ConformanceReport:
    """Checks a model on about `rows` rows of its CURATED table, spread evenly over all of it.

    Raises:
        TableNotFoundError: its purpose was not curated yet.
    """
    spec = find_model(platform.workspace, name)
    frame = platform.engine.scan(Table(Layer.CURATED, spec.purpose)).collect().to_polars()
    return check_model(spec, frame.sort(spec.split.column).gather_every(max(1, frame.height // rows)))
