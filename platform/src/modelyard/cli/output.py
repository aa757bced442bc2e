"""Results go to stdout, as text or JSON; everything else goes to stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

QUIET_SECONDS = 2.0
"""Work that ends sooner needs no progress line."""


def emit(result: object, text: str | Callable[[], str], output_format: str) -> None:
    """Prints a command's one result.

    Args:
        result: what machines get: anything `json` can write, or an object with `to_json() -> dict`.
        text: what people get; a callable is only called when it is needed.
        output_format: "text" or "json".
    """
    if output_format == "json":
        document = result.to_json() if hasattr(result, "to_json") else result
        click.echo(json.dumps(document, indent=2, default=str))
    else:
        click.echo(text() if callable(text) else text)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Plain aligned columns, for terminals and logs alike; numbers are set to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(heading), *(len(row[i]) for row in cells), 0) for i, heading in enumerate(headings)]
    right = [all(isinstance(row[i], int | float) for row in rows) and bool(rows) for i in range(len(headings))]

    def line(values: Sequence[str]) -> str:
        padded = (v.rjust(w) if r else v.ljust(w) for v, w, r in zip(values, widths, right, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join([line(headings), line(["-" * w for w in widths]), *(line(row) for row in cells)])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def say(line: str) -> None:
    """One line for people who watch, on stderr."""
    click.echo(line, err=True)


@contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Shows that work goes on: a live line with the time on a terminal, a line at the start and the end elsewhere.

    Yields:
        A function that shows what the step is doing just now.
    """
    begun = time.monotonic()
    if not sys.stderr.isatty():
        said = [begun]

        def note(line: str) -> None:
            if time.monotonic() - said[0] >= QUIET_SECONDS:
                said[0] = time.monotonic()
                say(f"  … {title}: {line}")

        yield note
        say(f"  ✓ {title} ({time.monotonic() - begun:.1f} s)")
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title)
        yield lambda line: progress.update(task, description=f"{title}: {line}")
    say(f"  ✓ {title} ({time.monotonic() - begun:.1f} s)")
