"""`modelyard serve`: run, smoke, keys."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import say, step
from modelyard.composition import Platform, open_platform
from modelyard.models.discovery import model_names
from modelyard.release.credential import Credential
from modelyard.release.keys import prepare_access
from modelyard.release.signers import trusted_keys_of
from modelyard_bundle.pointer import read_pointer
from modelyard_pipelines.commands.keys import keys
from modelyard_pipelines.commands.release import show_suite
from modelyard_pipelines.release.smoking import served_models
from modelyard_pipelines.release.smoking import smoke as smoke_model


@click.group()
def serve() -> None:
    """The model API."""


serve.add_command(keys)


@serve.command()
@click.option("--port", type=int, default=0, show_default="a free one", help="port on 127.0.0.1")
@environment_option
def run(port: int, environment_name: str) -> None:
    """Serves what is deployed, in the foreground, beside the environment's own model API."""
    say("serving; stop with Ctrl-C")
    command = [sys.executable, "-m", "modelyard_serving", "--host", "127.0.0.1", "--port", str(port)]
    command += _settings(open_platform(environment_name))
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, and no shell is wanted


def _settings(platform: Platform) -> list[str]:
    """What the environment says of its model API, as the process takes it."""
    serving, connections = platform.environment.serving, platform.connections
    access = prepare_access(platform.workspace, platform.environment)
    trusted = trusted_keys_of(platform.environment, platform.workspace)
    return [
        *("--deployments", connections.deployments, "--bundles", connections.bundles),
        *("--max-rows", str(serving.max_rows), "--max-body-bytes", str(serving.max_body_bytes)),
        *("--drain-seconds", f"{serving.drain_seconds:g}", "--workers", str(serving.workers)),
        *(() if access is None else ("--access", str(access))),
        *(() if trusted is None else ("--trusted-keys", str(trusted))),
    ]


@serve.command()
@click.argument("url", required=False)
@click.option("--model", "name", default=None, help="the model to check; default: the one that is served")
@click.option("--version", type=int, default=None, help="the version it should be; default: the one that is deployed")
@click.option("--full", is_flag=True, help="the whole suite that gates a release: bad requests and load included")
@click.option(
    "--key-variable", default=None, metavar="NAME", help="the environment variable that holds an API key or a token"
)
@environment_option
@format_option
def smoke(
    url: str | None,
    name: str | None,
    version: int | None,
    *,
    full: bool,
    key_variable: str | None,
    environment_name: str,
    output_format: str,
) -> None:
    """Checks the model API at URL (default: the environment's own) against the version that it should serve.

    While another version is tried beside it, that one may answer requests that name no version.
    """
    credential = None if key_variable is None else Credential.in_variable(key_variable)
    platform = open_platform(environment_name)
    model = name or _only(_deployed(platform) if url is None else served_models(url, credential), url)
    with step("checking the model API"):
        report = smoke_model(platform, model, url, version=version, full=full, credential=credential)
    show_suite(report, output_format)


def _deployed(platform: Platform) -> tuple[str, ...]:
    from pathlib import Path

    deployments = Path(platform.connections.deployments)
    return tuple(name for name in model_names(platform.workspace) if read_pointer(deployments, name) is not None)


def _only(found: Sequence[str], url: str | None) -> str:
    """The one model; with none or several, the person has to say which."""
    if len(found) != 1:
        said, how = ", ".join(found) or "none", "deployed" if url is None else f"served at {url}"
        raise click.UsageError(f"{len(found)} models are {how} ({said}); say which one with --model NAME")
    return found[0]
