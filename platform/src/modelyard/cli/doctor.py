"""`modelyard doctor`: what is missing on this machine, before anything runs."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit, table
from modelyard.environment.loading import load_environment
from modelyard.environment.machine import ThisMachine
from modelyard.environment.models import Environment
from modelyard.environment.readiness import Readiness, look_at
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError, MissingToolError


@click.command()
@click.argument("environment_name", metavar="[ENV]", default="local")
@format_option
def doctor(environment_name: str, output_format: str) -> None:
    """Look at this machine: tools, disk space, ports, network. ENV is local unless named. Changes nothing."""
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    readiness = look_at(ThisMachine(), workspace, environment, own_ports=_own_ports(workspace, environment))
    emit(readiness, lambda: _text(readiness), output_format)
    if readiness.missing:
        names = ", ".join(check.name for check in readiness.missing)
        raise MissingToolError(f"{environment_name} cannot run yet: {names}", hint=readiness.missing[0].next_step)


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


def _text(readiness: Readiness) -> str:
    rows = [(check.status, check.name, check.found, check.needed) for check in readiness.checks]
    steps = [f"  {check.name}: {check.next_step}" for check in readiness.checks if check.next_step]
    lines = [table(["", "what", "found", "needed"], rows)]
    if steps:
        lines += ["", "what to do:", *steps]
    if not readiness.missing:
        lines += ["", f"{readiness.environment} can run: modelyard infra up {readiness.environment}"]
    return "\n".join(lines)
