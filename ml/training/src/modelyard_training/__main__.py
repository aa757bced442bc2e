"""`python -m modelyard_training MODEL --env ENV`: one training as a job of its own."""

from __future__ import annotations

import json
from typing import Any

import click

from modelyard.cli.main import guarded
from modelyard.cli.options import environment_option
from modelyard_training.job import run_job
from modelyard_training.training import Training


@click.command()
@click.argument("model")
@click.option("--data-version", type=int, default=None, help="version of the CURATED table; default: the newest")
@click.option("--seed", type=int, default=None, help="of search and estimator; default: as the model declares")
@click.option("--variant", default=None, help="only this of the model's variants; default: all of them")
@environment_option
def main(model: str, data_version: int | None, seed: int | None, variant: str | None, environment_name: str) -> None:
    """Train MODEL and register its candidates. What it led to goes to stdout as JSON, progress to stderr.

    Of several variants the first stands for the training; all of them are among the candidates.
    """
    done = run_job(environment_name, model, data_version=data_version, seed=seed, variant=variant, progress=_say)
    first = done[0]
    result = {
        "model": first.version.model,
        "version": first.version.version,
        "run_id": first.version.run_id,
        "fresh": any(one.fresh for one in done),
        "metrics": dict(first.version.metrics),
        "candidates": [_candidate(one) for one in done] if len(done) > 1 else [],
    }
    click.echo(json.dumps(result))


def _candidate(one: Training) -> dict[str, Any]:
    return {"variant": one.variant, "version": one.version.version, "metrics": dict(one.version.metrics)}


def _say(step: str) -> None:
    click.echo(step, err=True)


if __name__ == "__main__":
    with guarded():
        main.main(standalone_mode=False)
