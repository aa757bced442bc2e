"""Is everything here that an environment needs before anything runs? Each answer comes with its remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from modelyard.environment.machine import Machine
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace

GIBIBYTE = 1024**3
SPACE_TO_RUN = 2 * GIBIBYTE
"""A year of the demo's data, its models and logs, with room to spare."""
SPACE_TO_BUILD_PULUMI = 4 * GIBIBYTE
"""Go's module and build caches while the Pulumi CLI is compiled."""
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
SYSTEMS = ("linux", "darwin")
PULUMI_DOWNLOAD = "https://get.pulumi.com"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    """What it is."""
    status: Literal["ok", "note", "missing"]
    """note: it works, but a person should know. missing: nothing runs without it."""
    found: str
    """What is there."""
    needed: str
    """What has to be there."""
    next_step: str = ""
    """What to do; empty where nothing has to be done."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """All checks of one environment on one machine."""

    environment: str
    """The environment's name."""
    checks: tuple[Check, ...]
    """In the order in which a person would mend them."""
    simulated: bool = False
    """Whether this is about a rehearsal, for which no real Azure was asked."""

    def with_more(self, checks: Iterable[Check]) -> Readiness:
        """The same with further checks, which come last."""
        return replace(self, checks=(*self.checks, *checks))

    @property
    def missing(self) -> tuple[Check, ...]:
        """What has to be mended before anything runs."""
        return tuple(check for check in self.checks if check.status == "missing")

    def to_json(self) -> dict[str, object]:
        """The result for machines."""
        checks = [asdict(check) for check in self.checks]
        head = {"environment": self.environment, "simulated": self.simulated}
        return {**head, "ready": not self.missing, "checks": checks}


def look_at(
    machine: Machine,
    workspace: Workspace,
    environment: Environment,
    *,
    own_ports: frozenset[int] = frozenset(),
    simulated: bool = False,
) -> Readiness:
    """Check what an environment needs on this machine.

    Args:
        machine: the machine.
        workspace: the checkout.
        environment: what is to run.
        own_ports: ports at which this environment's own services listen already.
        simulated: whether only a rehearsal is to run, in which example values do no harm.
    """
    checks = [
        *_base(machine),
        *_tools(machine, workspace),
        _space(machine, workspace),
        _state_folder(machine, workspace),
        *_ports(machine, environment, own_ports),
        *_teams(machine, environment),
        *_examples(environment, simulated=simulated),
    ]
    return Readiness(environment.name, tuple(checks), simulated)


def _needed(name: str, good: object, *, found: str, needed: str, remedy: str) -> Check:
    """A check of something without which nothing runs."""
    return Check(name, "ok" if good else "missing", found, needed, "" if good else remedy)


def _base(machine: Machine) -> Iterator[Check]:
    remedy = "use Linux or macOS; on Windows: WSL"
    yield _needed("system", machine.system in SYSTEMS, found=machine.system, needed=" or ".join(SYSTEMS), remedy=remedy)
    yield _needed(
        "Python",
        OLDEST_PYTHON <= machine.python <= NEWEST_PYTHON,
        found=_version(machine.python),
        needed=f"{_version(OLDEST_PYTHON)} to {_version(NEWEST_PYTHON)}",
        remedy="install Python 3.12, then run: make PYTHON=python3.12 setup",
    )
    git = machine.program("git")
    remedy = "install git with your system's package manager"
    yield _needed("git", git, found=git or "nothing", needed="git, to name the commit of each model", remedy=remedy)


def _tools(machine: Machine, workspace: Workspace) -> Iterator[Check]:
    """uv and the Pulumi CLI; where one has to come over the network, whether its source answers."""
    uv = _own_or_on_path(machine, workspace, "uv")
    if uv:
        yield Check("uv", "ok", uv, "uv, to install packages")
    else:
        yield Check("uv", "note", "nothing", "uv, to install packages", "run: make setup")
        yield from _mirror(
            machine, "package index", machine.variable("UV_DEFAULT_INDEX") or machine.variable("PIP_INDEX_URL")
        )
    pulumi = _own_or_on_path(machine, workspace, "pulumi")
    if pulumi:
        yield Check("Pulumi CLI", "ok", pulumi, "the Pulumi CLI")
    else:
        yield from _pulumi_to_come(machine)


def _pulumi_to_come(machine: Machine) -> Iterator[Check]:
    needed = "the Pulumi CLI, or Go to build it"
    if machine.reaches(PULUMI_DOWNLOAD):
        yield Check("Pulumi CLI", "note", "nothing yet", needed, "run: make setup (downloads it)")
        return
    go = machine.program("go")
    if not go:
        remedy = f"install Pulumi (https://www.pulumi.com/docs/install), or Go, or allow {PULUMI_DOWNLOAD}"
        yield Check("Pulumi CLI", "missing", "no CLI, no download, no Go", needed, remedy)
        return
    yield Check("Pulumi CLI", "note", f"nothing yet, but {go}", needed, "run: make setup (builds it in some minutes)")
    yield from _mirror(machine, "Go module proxy", machine.variable("GOPROXY").split(",")[0].split("|")[0])


def _own_or_on_path(machine: Machine, workspace: Workspace, name: str) -> str:
    """The program that set-up put under the state folder, or the one on PATH."""
    own = [workspace.state / "bin" / name, *(workspace.state / "tools").glob(f"{name}-*/bin/{name}")]
    return next((str(path) for path in own if path.is_file()), machine.program(name))


def _mirror(machine: Machine, name: str, address: str) -> Iterator[Check]:
    """Whether a mirror that the surroundings name answers. What a tool asks by itself is the tool's own business."""
    if not address.startswith("http"):
        return
    answers = machine.reaches(address)
    host = urlsplit(address).hostname
    yield _needed(
        name,
        answers,
        found=f"{host} answers" if answers else f"no answer from {host}",
        needed="an answer, because something has to be downloaded",
        remedy="check the network, and set HTTPS_PROXY or your organisation's mirror",
    )


def _space(machine: Machine, workspace: Workspace) -> Check:
    built = _own_or_on_path(machine, workspace, "pulumi")
    needed = SPACE_TO_RUN if built else SPACE_TO_RUN + SPACE_TO_BUILD_PULUMI
    free = machine.free_bytes(workspace.state)
    remedy = f"make room on the disk of {workspace.state}, or set MODELYARD_STATE to a folder on another disk"
    wanted = f"{_size(needed)} at {workspace.state}"
    return _needed("disk space", free >= needed, found=_size(free), needed=wanted, remedy=remedy)


def _state_folder(machine: Machine, workspace: Workspace) -> Check:
    why = machine.why_not_writable(workspace.state)
    found = f"{workspace.state}: {why}" if why else str(workspace.state)
    remedy = f"make {workspace.state} writable, or set MODELYARD_STATE to a folder that is"
    return _needed("state folder", not why, found=found, needed="a folder that can be written", remedy=remedy)


def _ports(machine: Machine, environment: Environment, own_ports: frozenset[int]) -> Iterator[Check]:
    if environment.local is None:
        return
    for name, port in environment.local.ports:
        if port == "auto":
            continue
        own = port in own_ports
        free = own or machine.port_is_free(port)
        found = f"our own {name} listens" if own else "free" if free else "taken"
        remedy = f"end what listens there, or set local.ports.{name} to auto in environments/{environment.name}.yaml"
        yield _needed(f"port {port}", free, found=found, needed=f"free for {name}", remedy=remedy)


def _teams(machine: Machine, environment: Environment) -> Iterator[Check]:
    name = environment.notification.teams_url_secret
    if name and environment.kind == "local" and not machine.variable(name):
        remedy = f"set {name} to a Teams Workflows URL if Teams is to be told"
        yield Check("Teams", "note", f"{name} is not set", "nothing: the outbox file takes every notification", remedy)


def _examples(environment: Environment, *, simulated: bool) -> Iterator[Check]:
    left = environment.example_values()
    if left:
        remedy = f"replace them in {Path('environments') / environment.name}.yaml or base.yaml"
        needed = "your own ids and addresses" if not simulated else "nothing: a rehearsal runs with examples"
        yield Check("example values", "note" if simulated else "missing", ", ".join(left), needed, remedy)


def _version(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _size(count: int) -> str:
    return f"{count / GIBIBYTE:.1f} GiB"
