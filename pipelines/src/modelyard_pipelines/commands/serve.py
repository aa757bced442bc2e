"""`modelyard serve`: run, smoke, keys."""

from __future__ import annotations

import os
import sys

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import say, step
from modelyard.composition import open_platform
from modelyard.models.discovery import model_names
from modelyard.release.keys import prepare_access
from modelyard_bundle.pointer import read_pointer
from modelyard_pipelines.commands.keys import keys
from modelyard_pipelines.commands.release import show_suite
from modelyard_pipelines.release.releasing import smoke as smoke_model


@click.group()
def serve() -> None:
    """The model API."""


serve.add_command(keys)


@serve.command()
@click.option("--port", type=int, default=0, show_default="a free one", help="port on 127.0.0.1")
@environment_option
def run(port: int, environment_name: str) -> None:
    """Serves what is deployed, in the foreground, beside the environment's own model API."""
    platform = open_platform(environment_name)
    connections = platform.connections
    access = prepare_access(platform.workspace, platform.environment)
    allowed = [] if access is None else ["--access", str(access)]
    places = ["--deployments", connections.deployments, "--bundles", connections.bundles]
    say("serving; stop with Ctrl-C")
    command = [sys.executable, "-m", "modelyard_serving", "--host", "127.0.0.1", "--port", str(port), *places, *allowed]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, and no shell is wanted


@serve.command()
@click.argument("url", required=False)
@click.option("--model", "name", default=None, help="the model to check; default: the one that is deployed")
@environment_option
@format_option
def smoke(url: str | None, name: str | None, environment_name: str, output_format: str) -> None:
    """Checks a running model API (default: the environment's own) against the bundle that is deployed."""
    platform = open_platform(environment_name)
    with step("checking the model API"):
        report = smoke_model(platform, name or _deployed(platform.connections.deployments, environment_name), url)
    show_suite(report, output_format)


def _deployed(deployments: str, environment_name: str) -> str:
    """The one model that is deployed; with none or several, the person has to say which."""
    from pathlib import Path

    names = model_names(open_platform(environment_name).workspace)
    found = [name for name in names if read_pointer(Path(deployments), name) is not None]
    if len(found) != 1:
        said = ", ".join(found) or "none"
        raise click.UsageError(f"{len(found)} models are deployed ({said}); say which one with --model NAME")
    return found[0]
