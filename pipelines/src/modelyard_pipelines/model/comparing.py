"""Staging against production, on the test rows that were frozen when the version in staging was trained."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from modelyard.composition import Platform
from modelyard.errors import NoCandidateError
from modelyard.evaluation.comparison import Comparison, compare
from modelyard.evaluation.report import comparison_page
from modelyard.evaluation.uses import use_of_rows
from modelyard.evaluation.validity import Scored
from modelyard.lake.layers import Layer, Table
from modelyard.models.discovery import find_model
from modelyard.models.interface import Model
from modelyard.models.preparing import label_values, labelled_rows
from modelyard.models.spec import ModelSpec
from modelyard.models.splitting import FrozenRows
from modelyard.models.storage import open_model
from modelyard.registry.registry import ModelRegistry
from modelyard.registry.versions import ModelVersion
from modelyard_bundle.atomic import write_atomically

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison, and the page that a person decides from."""

    comparison: Comparison
    page: Path

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {**self.comparison.to_document(), "evidence": self.comparison.digest, "page": str(self.page)}


def compare_model(platform: Platform, name: str, *, note: Note) -> Compared:
    """Scores the version in staging and the one in production on the same untouched rows, and compares.

    The answer depends on the two versions, the frozen rows and the seed alone, so running it again gives the same
    evidence. It is kept in the lake beside the ledger.

    Raises:
        NoCandidateError: nothing is in staging.
    """
    spec = find_model(platform.workspace, name)
    registry = platform.registry()
    staging, production = registry.staging(name), registry.production(name)
    if staging is None:
        raise NoCandidateError(f"nothing of {name} is in staging", hint=f"modelyard model stage {name}")
    note("reading the frozen rows")
    rows = frozen_rows(platform, spec, staging)
    versions = [staging] if production is None else [staging, production]
    scored = []
    for version in versions:
        note(f"scoring version {version.version}")
        scores = _model(registry, version).predict(rows)
        scored.append(Scored(version=version.version, scores=scores, learned_until=version.learned_until))
    note("resampling")
    labels, threshold = label_values(rows), 0.5 if spec.output.threshold is None else spec.output.threshold
    comparison = compare(
        labels,
        scored[0],
        scored[1] if len(scored) > 1 else None,
        model=name,
        metric=spec.metric,
        test_rows=staging.test_rows,
        slices={column: rows.get_column(column).to_list() for column in spec.slices},
        confidence=platform.environment.promotion.confidence,
        rule=platform.environment.promotion.rule,
        resamples=platform.environment.promotion.resamples,
        seed=spec.seed,
        use=use_of_rows(
            _kept(platform, name),
            candidate=staging.version,
            production=production.version if production else None,
            test_rows=staging.test_rows,
        ),
        margin=spec.margin,
        floors=spec.floors,
        threshold=threshold,
        clusters=rows.get_column(spec.cluster).to_list() if spec.cluster else None,
    )
    pictured = {f"version {one.version}": one.scores for one in scored}
    page = comparison_page(comparison, labels, pictured, threshold=threshold, names=spec.output.labels or ("0", "1"))
    return Compared(comparison, _keep(platform, comparison, page))


def frozen_rows(platform: Platform, spec: ModelSpec, version: ModelVersion) -> pl.DataFrame:
    """The test rows of a version, read at the data version that it was trained on."""
    frozen = FrozenRows.from_document(version.test_rows)
    table = Table(Layer.CURATED, spec.purpose)
    curated = (
        platform.engine.scan(table, version=frozen.data_versions[str(table)])
        .select(*spec.columns)
        .collect()
        .to_polars()
    )
    return labelled_rows(spec, frozen.select(curated))


def _model(registry: ModelRegistry, version: ModelVersion) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        return open_model(registry.download(version.model, version.version, Path(folder)), digest=version.digest)


def evidence_file(platform: Platform, model: str, candidate: int, production: int | None) -> Path:
    """Where the comparison of two versions is kept as JSON; the page for people lies beside it."""
    rival = "nothing" if production is None else f"version-{production}"
    return platform.lake / "ledger" / "evidence" / model / f"version-{candidate}-against-{rival}.json"


def _kept(platform: Platform, model: str) -> Iterator[Mapping[str, Any] | None]:
    """Every comparison of the model that was kept; None for a file that cannot be read."""
    for file in sorted(evidence_file(platform, model, 0, None).parent.glob("*.json")):
        try:
            document = json.loads(file.read_bytes())
            yield document if isinstance(document, dict) and {"candidate", "test_rows"} <= document.keys() else None
        except ValueError:
            yield None


def _keep(platform: Platform, comparison: Comparison, page: str) -> Path:
    file = evidence_file(platform, comparison.model, comparison.candidate, comparison.production)
    write_atomically(file, json.dumps(comparison.to_document(), indent=2).encode())
    html = file.with_suffix(".html")
    write_atomically(html, page.encode())
    return html
