"""`python -m modelyard_training MODEL --env ENV`: one training as a job of its own."""

from __future__ import annotations

import json

import click

from modelyard.cli.main import guarded
from modelyard.cli.options import environment_option
from modelyard_training.job import run_job


@click.command()
@click.argument("model")
@click.option("--data-version", type=int, default=None, help="version of the CURATED table; default: the newest")
@click.option("--seed", type=int, default=None, help="of search and estimator; default: as the model declares")
@environment_option
def main(model: str, data_version: int | None, seed: int | None, environment_name: str) -> None:
    """Train MODEL and register it as a candidate. What it led to goes to stdout as JSON, progress to stderr."""
    done = run_job(environment_name, model, data_version=data_version, seed=seed, progress=_say)
    result = {
        "model": done.version.model,
        "version": done.version.version,
        "run_id": done.version.run_id,
        "fresh": done.fresh,
        "metrics": dict(done.version.metrics),
    }
    click.echo(json.dumps(result))


def _say(step: str) -> None:
    click.echo(step, err=True)


if __name__ == "__main__":
    with guarded():
        main.main(standalone_mode=False)
