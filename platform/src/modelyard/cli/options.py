"""Options that every noun spells alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorated = Callable[..., Any]

format_option: Callable[[Decorated], Decorated] = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What stdout carries: text for people or one JSON document for machines.",
)

environment_option: Callable[[Decorated], Decorated] = click.option(
    "--env",
    "environment_name",
    default="local",
    show_default=True,
    envvar="MODELYARD_ENV",
    help="The environment, as named in environments/.",
)

environment_argument: Callable[[Decorated], Decorated] = click.argument("environment_name", metavar="ENV")
