"""`modelyard ci expand`: the final YAML of a pipeline, as Azure Pipelines would make it."""

from __future__ import annotations

from pathlib import Path

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit
from modelyard.delivery.expanding.expansion import expand as expand_file
from modelyard.delivery.expanding.printing import to_yaml
from modelyard.delivery.expanding.settings import entry_file, parse_settings
from modelyard.delivery.expanding.typed.pipelines import read_pipeline
from modelyard.environment.workspace import Workspace


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A parameter; may be given several times.")
@click.option(
    "--variable",
    "variables",
    metavar="NAME=VALUE",
    multiple=True,
    help="A predefined variable, such as Build.SourceBranch; may be given several times.",
)
@format_option
def expand(file: Path, settings: tuple[str, ...], variables: tuple[str, ...], output_format: str) -> None:
    """Print FILE with its templates and template expressions worked out."""
    root = Workspace.find().root
    expansion = expand_file(
        root,
        entry_file(root, file),
        parameters=parse_settings(settings),
        variables=parse_settings(variables, option="--variable"),
    )
    read_pipeline(expansion)
    emit(expansion, lambda: to_yaml(expansion).rstrip(), output_format)
