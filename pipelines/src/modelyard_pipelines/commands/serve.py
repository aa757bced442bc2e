"""`modelyard serve`: run, smoke, keys."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import say, step
from modelyard.composition import Platform, open_platform
from modelyard.models.discovery import model_names
from modelyard.release.credential import Credential
from modelyard.release.keys import prepare_access
from modelyard.release.signers import trusted_keys_of
from modelyard_bundle.pointer import read_pointer
from modelyard_pipelines.commands.folders import from_option
from modelyard_pipelines.commands.keys import keys
from modelyard_pipelines.commands.release import show_suites
from modelyard_pipelines.release.smoking import served_models
from modelyard_pipelines.release.smoking import smoke as smoke_model
from modelyard_pipelines.release.travelling import smoke_from


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
@click.option("--model", "name", default=None, help="the model to check; default: all that are deployed")
@click.option("--version", type=int, default=None, help="the version it should be; default: the one that is deployed")
@click.option("--full", is_flag=True, help="the whole suite that gates a release: bad requests and load included")
@from_option
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
    folder: Path | None,
    key_variable: str | None,
    environment_name: str,
    output_format: str,
) -> None:
    """Checks the model API at URL (default: the environment's own) against the version that it should serve.

    While another version is tried beside it, that one may answer requests that name no version. With --from, the
    releases in the folder are what it should serve, alone.
    """
    credential = None if key_variable is None else Credential.in_variable(key_variable)
    platform = open_platform(environment_name)
    with step("checking the model API"):
        if folder is not None:
            if version is not None:
                raise click.UsageError("--from says which version: leave --version out")
            reports = smoke_from(platform, folder, name, url=url, full=full, credential=credential)
        else:
            models = [name] if name else _models(platform, url, credential)
            reports = tuple(
                smoke_model(platform, model, url, version=version, full=full, credential=credential) for model in models
            )
    show_suites(reports, output_format)


def _models(platform: Platform, url: str | None, credential: Credential | None) -> Sequence[str]:
    """All that are deployed; at another address the one that is served."""
    if url is not None:
        return [_only(served_models(url, credential), url)]
    return _deployed(platform) or [_only((), url)]


def _deployed(platform: Platform) -> tuple[str, ...]:
    deployments = Path(platform.connections.deployments)
    return tuple(name for name in model_names(platform.workspace) if read_pointer(deployments, name) is not None)


def _only(found: Sequence[str], url: str | None) -> str:
    """The one model; with none or several, the person has to say which."""
    if len(found) != 1:
        said, how = ", ".join(found) or "none", "deployed" if url is None else f"served at {url}"
        raise click.UsageError(f"{len(found)} models are {how} ({said}); say which one with --model NAME")
    return found[0]
