"""`modelyard serve keys`: add, list, revoke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, say, table
from modelyard.environment.access_settings import ROLES
from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.models.discovery import model_names
from modelyard.release.keys import ApiKey, Issued, KeyRing, Role, now_utc

list_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--list",
    "list_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="the list of keys; default: the one that this machine keeps for the environment",
)


@click.group()
def keys() -> None:
    """API keys of the model API: two valid at once for each client, so that it can change them without a gap."""


@keys.command()
@click.argument("client")
@click.option(
    "--role",
    "roles",
    type=click.Choice(ROLES),
    multiple=True,
    default=("predict", "read"),
    show_default=True,
    help="what it allows; may be repeated",
)
@click.option("--model", "models", multiple=True, help="a model it is for; may be repeated; default: all models")
@click.option("--days", type=click.IntRange(1, 730), default=None, help="how long it is valid")
@click.option(
    "--pepper",
    "pepper_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="the file of the secret that keys are hashed with; default: beside the list",
)
@click.option("--draw-pepper", is_flag=True, help="make that secret if there is none; in local it is made anyway")
@list_option
@environment_option
@format_option
def add(
    client: str,
    *,
    roles: tuple[Role, ...],
    models: tuple[str, ...],
    days: int | None,
    pepper_file: Path | None,
    draw_pepper: bool,
    list_file: Path | None,
    environment_name: str,
    output_format: str,
) -> None:
    """Issues a key for CLIENT and prints it: the only time that it is seen."""
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    _check_models(models, workspace)
    ring = _ring(workspace, environment, list_file)
    ring = ring if pepper_file is None else replace(ring, pepper_file=pepper_file)
    if draw_pepper or (environment.kind == "local" and pepper_file is None):
        ring.draw_pepper()
    lifetime = timedelta(days=days or environment.serving.access.keys.lifetime_days)
    issued = ring.issue(client, roles=roles, models=models or None, lifetime=lifetime, now=now_utc())
    emit({"key": issued.key, **_told(issued.kept)}, issued.key, output_format)
    _say_issued(issued, ring, environment)


@keys.command("list")
@list_option
@environment_option
@format_option
def list_keys(list_file: Path | None, environment_name: str, output_format: str) -> None:
    """Who holds keys, for what, and until when. The keys themselves are kept nowhere."""
    workspace = Workspace.find()
    ring = _ring(workspace, load_environment(workspace, environment_name), list_file)
    found = [_told(key) for key in ring.listed()]
    headings = ("id", "client", "roles", "models", "created", "expires", "valid")
    rows = [(one["id"], one["client"], *_joined(one), one["created"], one["expires"], one["valid"]) for one in found]
    emit(found, lambda: table(headings, rows) if rows else f"no keys in {ring.list_file}", output_format)


@keys.command()
@click.argument("key")
@list_option
@environment_option
@format_option
def revoke(key: str, list_file: Path | None, environment_name: str, output_format: str) -> None:
    """Ends KEY (its id is enough): the model API refuses it about a second after it sees the list."""
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    ring = _ring(workspace, environment, list_file)
    gone = ring.revoke(key)
    emit(_told(gone), f"revoked {gone.id} of {gone.client}", output_format)
    _say_where_it_counts(ring, environment)


def _ring(workspace: Workspace, environment: Environment, list_file: Path | None) -> KeyRing:
    kept = KeyRing.of(workspace, environment.name)
    return kept if list_file is None else replace(kept, list_file=list_file)


def _check_models(models: Sequence[str], workspace: Workspace) -> None:
    known = model_names(workspace)
    if unknown := [name for name in models if name not in known]:
        raise click.UsageError(f"no model {', '.join(unknown)}; there are: {', '.join(known) or 'none'}")


def _told(key: ApiKey) -> dict[str, Any]:
    """A key for people and machines: without its hash."""
    return {**key.model_dump(mode="json", exclude={"hash"}), "valid": key.is_valid(now_utc())}


def _joined(told: dict[str, Any]) -> tuple[str, str]:
    return ", ".join(told["roles"]), "all" if told["models"] is None else ", ".join(told["models"])


def _say_issued(issued: Issued, ring: KeyRing, environment: Environment) -> None:
    kept = issued.kept
    say(f"{kept.client} sends it as X-API-Key until {kept.expires:%Y-%m-%d}; it is not kept, so hand it over now")
    _say_where_it_counts(ring, environment)


def _say_where_it_counts(ring: KeyRing, environment: Environment) -> None:
    access = environment.serving.access
    if access.mode != "keys":
        say(f"serving.access.mode is {access.mode} in {environment.name}, so nobody asks for keys there")
    elif environment.kind == "azure":
        vault = environment.azure_name("key vault")
        command = f"az keyvault secret set --vault-name {vault} --name {access.keys.list_secret} --file"
        say(f"it counts once the list is in the key vault: {command} {ring.list_file}")
