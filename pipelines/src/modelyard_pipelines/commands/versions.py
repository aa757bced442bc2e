"""`modelyard model reproduce` and `score`: a version trained again, and the version in production at work."""

from __future__ import annotations

import sys

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform
from modelyard.errors import NotReproducibleError
from modelyard.models.discovery import find_model
from modelyard_pipelines.model.reproducing import Reproduction
from modelyard_pipelines.model.reproducing import reproduce as reproduce_version
from modelyard_pipelines.model.scoring import Scoring
from modelyard_pipelines.model.scoring import score as score_rows


@click.command()
@click.argument("name")
@click.argument("version", type=int)
@click.option("--search/--no-search", default=True, help="look for the best parameters again, or take those recorded")
@environment_option
@format_option
def reproduce(name: str, version: int, *, search: bool, environment_name: str, output_format: str) -> None:
    """Trains VERSION of NAME again from its recorded commit, data and seed, and compares. Nothing is registered."""
    platform = open_platform(environment_name)
    with step(f"training {name} version {version} again") as note:
        done = reproduce_version(platform, name, version, search=search, note=note)
    emit(done, lambda: _reproduced(done), output_format)
    if not done.reproduced:
        sys.exit(NotReproducibleError.exit_code)


@click.command()
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="also what other versions have scored; else only what is new")
@click.option("--if-promoted", is_flag=True, help="while no version is in production there is nothing to do")
@environment_option
@format_option
def score(name: str, *, everything: bool, if_promoted: bool, environment_name: str, output_format: str) -> None:
    """Scores CURATED rows with the version of NAME in production, into the table CURATED/scores_NAME."""
    platform = open_platform(environment_name)
    if if_promoted and platform.registry().production(find_model(platform.workspace, name).name) is None:
        emit({"model": name, "version": None}, f"{name} has no production version yet: nothing to score", output_format)
        return
    with step(f"scoring {name}") as note:
        done = score_rows(platform, name, everything=everything, note=note)
    emit(done, lambda: _scored(done), output_format)


def _reproduced(done: Reproduction) -> str:
    rows = [(line.what, line.recorded, line.found, line.same) for line in done.lines]
    return f"{table(['what', 'recorded', 'now', 'same'], rows)}\n\n{done.sentence}"


def _scored(done: Scoring) -> str:
    if not done.pieces:
        return f"{done.table} has a score for every row of {done.data} already"
    gaps = f"; {done.gaps:,} rows lack what the model needs, column _problem says what" if done.gaps else ""
    changed = f"\n{done.replaced} batches had changed; their new scores replace the old" if done.replaced else ""
    return (
        f"{done.rows:,} rows of {done.data} scored by {done.model} version {done.version}\n"
        f"{done.table}: {done.pieces} partitions written, {done.known} were there{gaps}{changed}"
    )
