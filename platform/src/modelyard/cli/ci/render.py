"""`modelyard ci render`: the workflows of GitHub Actions, written from the pipelines."""

from __future__ import annotations

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit, table
from modelyard.environment.workspace import Workspace


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is not what would be written.")
@format_option
def render(*, check: bool, output_format: str) -> None:
    """Writes .github/workflows from the same pipelines, so that both do the same."""
    from modelyard.delivery.github.workflows import workflows
    from modelyard.errors import InvalidPipelineError

    root = Workspace.find().root
    states = {}
    for file, text in workflows(root).items():
        path = root / file
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        states[file] = "as it was" if same else "differs" if check else "written"
        if not same and not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    emit(states, lambda: table(["file", "state"], list(states.items())), output_format)
    apart = [file for file, state in states.items() if state == "differs"]
    if apart:
        raise InvalidPipelineError(f"{apart[0]}:1: not what the pipelines say", hint="modelyard ci render")
