"""The one command: `modelyard NOUN VERB [NAME]`. Nouns load only when they are called, so that each starts fast."""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points

import click

from modelyard import __version__
from modelyard.errors import ConfigurationError, ModelyardError, exit_code_of

ENTRY_POINTS = "modelyard.commands"
INTERRUPTED_EXIT_CODE = 130
OWN_NOUNS: Mapping[str, tuple[str, str]] = {
    "ci": ("modelyard.cli.ci.group:ci", "Pipelines: expand, lint, rehearse; what Azure DevOps needs."),
    "doctor": ("modelyard.cli.doctor:doctor", "What is missing on this machine, before anything runs."),
    "env": ("modelyard.cli.env:env", "Environments: list, show, check."),
}


class Nouns(click.Group):
    """A group whose members are named by this package and by the entry points of the other rooms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every noun that is installed."""
        del ctx
        return sorted({*OWN_NOUNS, *(point.name for point in entry_points(group=ENTRY_POINTS))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the noun that was asked for, and nothing else."""
        del ctx
        if cmd_name in OWN_NOUNS:
            module, _, attribute = OWN_NOUNS[cmd_name][0].partition(":")
            return _command(getattr(importlib.import_module(module), attribute))
        for point in entry_points(group=ENTRY_POINTS, name=cmd_name):
            return _command(point.load())
        return None


def _command(found: object) -> click.Command:
    if not isinstance(found, click.Command):
        raise TypeError(f"{found!r} is registered as a modelyard command but is none")
    return found


@click.group(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="modelyard")
def modelyard() -> None:
    """Infrastructure as code for machine learning: environments, data, models, releases."""


def main() -> None:
    """Runs the command line."""
    with guarded():
        # Without its standalone mode click returns the code of an early exit, where it would have ended the process.
        sys.exit(modelyard.main(standalone_mode=False) or 0)


@contextmanager
def guarded() -> Iterator[None]:
    """Turns errors into one sentence, a hint and an exit code. Anything else is a bug, and keeps its traceback."""
    try:
        yield
    except (click.exceptions.Abort, KeyboardInterrupt):
        _say("interrupted; run the same command again to continue")
        sys.exit(INTERRUPTED_EXIT_CODE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except ModelyardError as error:
        _say(f"error: {error.message}")
        if error.hint:
            _say(f"next: {error.hint}")
        sys.exit(exit_code_of(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _say("error: the disk is full")
        _say("next: free some space, then run the same command again; nothing is half-written")
        sys.exit(ConfigurationError.exit_code)


def _say(line: str) -> None:
    click.echo(line, err=True)
