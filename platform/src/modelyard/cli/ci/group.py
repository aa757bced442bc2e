"""`modelyard ci`: its verbs load only when they are called, as nouns do."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

VERBS: Mapping[str, str] = {
    "approval": "modelyard.cli.ci.approval:approval",
    "bootstrap": "modelyard.cli.ci.bootstrap:bootstrap",
    "comment": "modelyard.cli.ci.comment:comment",
    "expand": "modelyard.cli.ci.expand:expand",
    "lint": "modelyard.cli.ci.lint:lint",
    "matrix": "modelyard.cli.ci.matrix:matrix",
    "rehearse": "modelyard.cli.ci.rehearse:rehearse",
    "render": "modelyard.cli.ci.render:render",
}


class Verbs(click.Group):
    """A group whose members are named by a table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        del ctx
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the verb that was asked for, and nothing else."""
        del ctx
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, click.Command):
            raise TypeError(f"{VERBS[cmd_name]} is named as a verb of `modelyard ci` but is none")
        return found


@click.group(cls=Verbs)
def ci() -> None:
    """Pipelines: expand, lint, rehearse; what Azure DevOps needs."""
