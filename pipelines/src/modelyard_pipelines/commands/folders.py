"""`--from DIR`: releases that were built elsewhere, one model or all that the folder holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

name_argument: Callable[[Callable[..., Any]], Callable[..., Any]] = click.argument("name", required=False)

from_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    metavar="DIR",
    help="a release that was built elsewhere, or a folder of several; without NAME all of them",
)


def named(name: str | None) -> str:
    """The model's name, which only a folder of releases makes unnecessary."""
    if name is None:
        raise click.UsageError("which model? Give NAME, or --from DIR for all releases in a folder")
    return name


def needed(folder: Path | None) -> Path:
    """The folder, for a command that needs one."""
    if folder is None:
        raise click.UsageError("which release? Give --from DIR, the folder that `modelyard release build --out` wrote")
    return folder
