"""A training made again, from what was recorded of it: the same rows, seed and search, and nothing is registered.

`python -m modelyard_training.reproducing MODEL VERSION --env ENV --into FOLDER`
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelyard.cli.main import guarded
from modelyard.cli.options import environment_option
from modelyard.composition import Platform, open_platform
from modelyard.errors import NotReproducibleError
from modelyard.lake.layers import Layer, Table
from modelyard.models.discovery import find_model, source_digest
from modelyard.models.spec import ModelSpec
from modelyard.models.storage import write_model
from modelyard.registry.versions import EXAMPLE_FILE, SIGNATURE_FILE, ModelVersion
from modelyard_training.fitting import fit_model
from modelyard_training.job import means_of
from modelyard_training.learning import Progress
from modelyard_training.mlflow_tracker import MlflowTracker
from modelyard_training.provenance import fingerprint_of, provenance_of
from modelyard_training.search.triers import Means
from modelyard_training.training import example_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """What the second training was made of, and what came of it."""

    digest: str
    """Of what holds the pipeline."""
    fingerprint: str
    lock: str
    libraries: Mapping[str, str]
    seed: int
    parameters: Mapping[str, Any]
    recorded_parameters: Mapping[str, Any]
    """The best that the recorded search found; empty where it was not kept."""
    searched: bool
    """Whether the search was made again as well."""
    metrics: Mapping[str, float]
    """On the validation rows."""


def retrain(
    platform: Platform,
    version: ModelVersion,
    recorded: Mapping[str, Any] | None,
    *,
    into: Path,
    search: bool = True,
    means: Means | None = None,
    progress: Progress = lambda _step: None,
) -> Retrained:
    """Train a registered version again, and write the model into a folder.

    Args:
        platform: The environment with the lake that it was trained on.
        version: As the registry has it.
        recorded: Its search, as `search.json` has it; none where it was not kept.
        into: The folder to write to.
        search: Whether to look for the best parameters again. A search that had run out of time is never made again:
            how far it got depended on the machine.
        means: How the search is run; in processes if nothing is said.
        progress: Told what is done next.

    Raises:
        NotReproducibleError: the declaration learns from another table by now, or the parameters are not known.
        TableNotFoundError: the version of the data is not there any more.
    """
    spec = find_model(platform.workspace, version.model).variant(version.variant)
    seed = spec.seed if version.seed is None else version.seed
    known = recorded or {}
    again = search and not known.get("out_of_time", False)
    chosen = spec if again else _without_search(spec, version, known)
    trained = fit_model(
        chosen,
        _rows(platform, spec, version),
        data_versions=version.data_versions,
        seed=seed,
        means=means or replace(means_of(platform, chosen, version.variant), journals=None),
        warm=tuple(known.get("warm", ())),
        progress=progress,
    )
    digest = write_model(trained.model, into)
    (into / SIGNATURE_FILE).write_bytes(trained.signature.to_json())
    (into / EXAMPLE_FILE).write_bytes(example_of(trained).to_json())
    provenance = provenance_of(platform.workspace.root)
    source = source_digest(platform.workspace, version.model)
    return Retrained(
        digest=digest,
        fingerprint=fingerprint_of(
            model=version.model,
            source=f"{source}:{version.variant}" if version.variant else source,
            data_versions=version.data_versions,
            seed=seed,
            lock=provenance.lock,
        ),
        lock=provenance.lock,
        libraries=provenance.libraries,
        seed=seed,
        parameters=trained.search.best,
        recorded_parameters=known.get("best", {}),
        searched=again,
        metrics=trained.validation_metrics,
    )


def _without_search(spec: ModelSpec, version: ModelVersion, recorded: Mapping[str, Any]) -> ModelSpec:
    """The declaration with the parameters that were found best, and nothing to look for."""
    if "best" not in recorded:
        raise NotReproducibleError(
            f"the parameters of {version.model} version {version.version} were not kept, "
            "so it cannot be made again without its search",
            hint=f"modelyard model reproduce {version.model} {version.version}",
        )
    best = {name: value for name, value in recorded["best"].items() if name != "seed"}
    return replace(spec, defaults=best, search=replace(spec.search, space={}))


def _rows(platform: Platform, spec: ModelSpec, version: ModelVersion) -> pl.DataFrame:
    table = Table(Layer.CURATED, spec.purpose)
    at = version.data_versions.get(str(table))
    if at is None:
        raise NotReproducibleError(
            f"{version.model} version {version.version} was trained on {', '.join(version.data_versions)}, "
            f"but the declaration here learns from {table}",
            hint=f"check out commit {version.commit}, then run the same again",
        )
    return platform.engine.scan(table, version=at).collect().to_polars()


@click.command()
@click.argument("model")
@click.argument("version", type=int)
@click.option("--into", type=click.Path(path_type=Path), required=True, help="the folder to write the model to")
@click.option("--search/--no-search", default=True, help="look for the best parameters again")
@environment_option
def main(model: str, version: int, *, into: Path, search: bool, environment_name: str) -> None:
    """Train VERSION of MODEL again and write it to a folder. What came of it goes to stdout as JSON."""
    platform = open_platform(environment_name)
    found = platform.registry().version(model, version)
    recorded = MlflowTracker(platform.connections.tracking).searched(found.run_id)
    done = retrain(
        platform, found, recorded, into=into, search=search, progress=lambda line: click.echo(line, err=True)
    )
    click.echo(json.dumps(asdict(done), default=str))


if __name__ == "__main__":
    with guarded():
        main.main(standalone_mode=False)
