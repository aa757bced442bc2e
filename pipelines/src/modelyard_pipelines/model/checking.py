"""The contract suite on a model folder and the table that it learns from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from modelyard.composition import Platform
from modelyard.errors import TableNotFoundError
from modelyard.evaluation.floors import floor_metrics
from modelyard.evaluation.metrics import BINARY_METRICS, REGRESSION_METRICS
from modelyard.evaluation.resampling import resampled_metrics
from modelyard.lake.layers import Layer, Table
from modelyard.models.conformance import Check, ConformanceReport, check_model
from modelyard.models.demands import Allowance
from modelyard.models.discovery import find_model
from modelyard.models.spec import ModelSpec

if TYPE_CHECKING:
    import polars as pl


def check_folder(platform: Platform, name: str, *, rows: int) -> ConformanceReport:
    """Checks a model, and each of its variants, on about `rows` rows of its CURATED table.

    Raises:
        TableNotFoundError: its purpose was not curated yet.
    """
    spec = find_model(platform.workspace, name)
    frame = curated_rows(platform, spec, rows=rows)
    allowance = Allowance(milliseconds=platform.environment.serving.latency_budget_ms)
    report = check_model(spec.variant(""), frame, allowance=allowance)
    for variant in spec.variants:
        found = check_model(spec.variant(variant), frame, allowance=allowance)
        told = tuple(replace(check, name=f"{variant}: {check.name}") for check in found.checks)
        report = replace(report, checks=(*report.checks, *told))
    return replace(report, checks=(metrics_exist(spec), *report.checks))


def metrics_exist(spec: ModelSpec) -> Check:
    """Whether search, thresholds, comparison and floors name metrics that there are for the task."""
    known = BINARY_METRICS if spec.task == "binary" else REGRESSION_METRICS
    wanted = [
        ("search.metric", spec.search.metric, known),
        ("metric", spec.metric, resampled_metrics()),
        *(("thresholds", one.metric, known) for one in spec.thresholds),
        *(("floors", one.metric, floor_metrics()) for one in spec.floors),
    ]
    wrong = [
        f"{where} names {name}; there are {', '.join(there)}" for where, name, there in wanted if name not in there
    ]
    return Check("is judged by metrics that exist", not wrong, "; ".join(wrong))


def curated_rows(platform: Platform, spec: ModelSpec, *, rows: int) -> pl.DataFrame:
    """About `rows` rows of the table that a model learns from, spread evenly over all of it.

    Raises:
        TableNotFoundError: its purpose was not curated yet.
    """
    frame = curated_table(platform, spec.purpose)
    known = [column for column in spec.split.columns if column in frame.columns]
    ordered = frame.sort(*known) if known else frame
    return ordered.gather_every(max(1, frame.height // rows))


def curated_table(platform: Platform, purpose: str) -> pl.DataFrame:
    """Everything that CURATED holds for a purpose.

    Raises:
        TableNotFoundError: it was not curated yet.
    """
    table = Table(Layer.CURATED, purpose)
    if platform.engine.version(table) is None:
        raise TableNotFoundError(f"{table} does not exist yet", hint=f"modelyard data curate {purpose}")
    frame: pl.DataFrame = platform.engine.scan(table).collect().to_polars()
    return frame
