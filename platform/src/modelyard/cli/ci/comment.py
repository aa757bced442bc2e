"""`modelyard ci comment`: one comment on a pull request, which the next run changes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.cli.output import say

if TYPE_CHECKING:
    from modelyard.delivery.azure_devops.comments import Board

TITLE = "Preview of every environment"
folder = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--title", default=TITLE, show_default=True, help="Heading. The comment of the same title is changed.")
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Text, in Markdown.")
@click.option("--previews", type=folder, help="Folder with the JSON of `modelyard infra preview` of each environment.")
@click.option("--before", type=folder, help="The same of the target branch, for what a month cost before.")
@click.option("--pull-request", type=click.IntRange(min=1), help="Number; by default the run's own.")
def comment(
    title: str, file: Path | None, previews: Path | None, before: Path | None, pull_request: int | None
) -> None:
    """Put one comment on the pull request of this run, or change it. Outside of one: print it."""
    if (file is None) == (previews is None):
        raise click.UsageError("give either --file or --previews")
    text = file.read_text(encoding="utf-8") if file else _rendered(previews, before)
    board = _board(str(pull_request or ""))
    if board is None:
        click.echo(text)
        say("not in a pull request: printed instead")
        return
    from modelyard.delivery.azure_devops.comments import put_comment

    say(f"comment {title!r}: {put_comment(board, title, text)}")


def _rendered(previews: Path | None, before: Path | None) -> str:
    from modelyard.delivery.azure_devops.previews import ORDER, read_previews, render

    if previews is None:
        raise AssertionError("one of the two is there")
    return render(read_previews(previews), read_previews(before) if before else None, expected=ORDER)


def _board(number: str) -> Board | None:
    """Where the comment goes; None outside of a pull request."""
    from modelyard.delivery.azure_devops.comments import AzureBoard, GitHubBoard
    from modelyard.delivery.azure_devops.rest.client import DevOps
    from modelyard.delivery.azure_devops.rest.github import GitHub
    from modelyard.delivery.azure_devops.rest.tokens import azure_cli_token, find_token
    from modelyard.delivery.azure_devops.runs import azure_run, github_run, needed

    here = azure_run(os.environ)
    if here is not None and (number or here.pull_request):
        token = find_token(os.environ, signed_in=azure_cli_token)
        project = needed(here.project, "SYSTEM_TEAMPROJECT")
        repository = needed(here.repository, "BUILD_REPOSITORY_ID")
        service = DevOps(here.collection, project, token)
        return AzureBoard(service, repository=repository, pull_request=number or here.pull_request)
    there = github_run(os.environ)
    if there is not None and (number or there.pull_request):
        return GitHubBoard(GitHub(there), pull_request=number or there.pull_request)
    return None
