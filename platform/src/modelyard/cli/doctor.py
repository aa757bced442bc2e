"""`modelyard doctor`: what is missing on this machine or in this subscription, before anything runs.

What a kind of environment needs beyond a machine, another room knows: it registers a function under the kind's name in
the entry point group `modelyard.doctor`, which takes the environment and whether only a rehearsal is to run.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points
from itertools import zip_longest
from textwrap import wrap
from urllib.parse import urlsplit

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit, step, table
from modelyard.environment.loading import load_environment
from modelyard.environment.machine import ThisMachine
from modelyard.environment.models import Environment
from modelyard.environment.readiness import Check, Readiness, look_at
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError, MissingToolError

ENTRY_POINTS = "modelyard.doctor"
CELL_WIDTH = 60
"""What is found can be a sentence of Azure's."""


@click.command()
@click.argument("environment_name", metavar="[ENV]", default="local")
@click.option("--simulate", is_flag=True, help="Look at a rehearsal of ENV: no real Azure is asked.")
@format_option
def doctor(environment_name: str, output_format: str, *, simulate: bool) -> None:
    """Look at this machine, and for an environment in Azure at its subscription. ENV is local unless named.

    Tools, disk space, ports, network; sign-in, permissions, quotas, free names, agents. Changes nothing.
    """
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    own_ports = _own_ports(workspace, environment)
    readiness = look_at(ThisMachine(), workspace, environment, own_ports=own_ports, simulated=simulate)
    with step(f"doctor {environment_name}"):
        readiness = readiness.with_more(_beyond(environment, simulate=simulate))
    emit(readiness, lambda: _text(readiness), output_format)
    if readiness.missing:
        names = ", ".join(check.name for check in readiness.missing)
        raise MissingToolError(f"{environment_name} cannot run yet: {names}", hint=readiness.missing[0].next_step)


def _beyond(environment: Environment, *, simulate: bool) -> Iterable[Check]:
    """What other rooms check for this kind of environment."""
    if environment.kind == "local":
        return ()
    name = f"everything in {environment.kind.capitalize()}"
    if environment.example_values() and not simulate:
        needed = "your own ids, so that there is something to ask about"
        return (Check(name, "note", "not looked at", needed, "replace the example values, then run this again"),)
    point = next(iter(entry_points(group=ENTRY_POINTS, name=environment.kind)), None)
    if point is None:
        return (Check(name, "note", "not looked at", "the package modelyard-infra", "run: make setup"),)
    return list(point.load()(environment, simulate=simulate))


def _own_ports(workspace: Workspace, environment: Environment) -> frozenset[int]:
    """Ports at which this environment's services listen already, by what its stack says."""
    if environment.local is None or {port for _, port in environment.local.ports} == {"auto"}:
        return frozenset()
    from modelyard.environment.stack_outputs import read_connections

    try:
        connections = read_connections(workspace, environment.name)
    except ConfigurationError:
        return frozenset()
    ports = (urlsplit(address).port for address in (connections.tracking, connections.model_api))
    return frozenset(port for port in ports if port)


def _rows(check: Check) -> Iterable[tuple[str, ...]]:
    """A check as one row, or several where there is much to say."""
    found, needed = wrap(check.found, CELL_WIDTH), wrap(check.needed, CELL_WIDTH)
    return zip_longest([check.status], [check.name], found, needed, fillvalue="")


def _text(readiness: Readiness) -> str:
    rows = [row for check in readiness.checks for row in _rows(check)]
    steps = [f"  {check.name}: {check.next_step}" for check in readiness.checks if check.next_step]
    lines = [table(["", "what", "found", "needed"], rows)]
    if steps:
        lines += ["", "what to do:", *steps]
    if not readiness.missing:
        rehearsal = " --simulate" if readiness.simulated else ""
        lines += ["", f"{readiness.environment} can run: modelyard infra up {readiness.environment}{rehearsal}"]
    return "\n".join(lines)
