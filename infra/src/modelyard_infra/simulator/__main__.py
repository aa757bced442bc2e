"""`python -m modelyard_infra.simulator`: rehearses trouble in a simulated Azure.

    show [RESOURCE]               lists what exists, or prints one resource
    history                       lists every operation and its outcome
    change RESOURCE PATH VALUE    changes a property behind the stack's back; VALUE is JSON or text, null removes it
    delete RESOURCE               deletes a resource behind the stack's back
    purge KIND NAME               ends the time of a soft-deleted resource
    fail PATTERN                  lets the next operation on what fits fail; see its --help
    heal                          takes all faults away
    set NAME VALUE                pace (0 at once, 1 as slow as Azure), quota:KIND, principals

A RESOURCE is an id, or a name or a kind that only one resource has. The file comes from --file or from
MODELYARD_SIMULATED_AZURE.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from modelyard_infra.simulator import faults
from modelyard_infra.simulator.errors import AzureError
from modelyard_infra.simulator.paths import Json
from modelyard_infra.simulator.rehearsal import FILE_VARIABLE, SimulatedAzure, UnknownResourceError

USAGE, REFUSED = 2, 1

Lines = Iterator[str]


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; 0, 1 if Azure refuses, 2 for a wrong command."""
    options = _parser().parse_args(arguments)
    if options.file is None:
        sys.stderr.write(f"which simulated Azure? Give --file, or set {FILE_VARIABLE}\n")
        return USAGE
    if not options.file.exists():
        sys.stderr.write(f"no simulated Azure in {options.file}; modelyard infra up ENV --simulate makes one\n")
        return USAGE
    with SimulatedAzure(options.file) as azure:
        try:
            for line in _COMMANDS[options.command](azure, options):
                sys.stdout.write(f"{line}\n")
        except (AzureError, UnknownResourceError) as error:
            sys.stderr.write(f"{error}\n")
            return REFUSED
    return 0


def _show(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    if options.resource:
        stored = azure.find(options.resource)
        yield json.dumps({"id": stored.id, "kind": stored.kind, **stored.body}, indent=2)
        return
    for one in azure.resources():
        yield f"{one.kind:45} {one.id}"
    for gone in azure.deleted():
        yield f"{gone.kind:45} {gone.id} (deleted{', protected' if gone.protected else ''})"


def _history(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    del options
    for entry in azure.history():
        yield f"{entry.operation:7} {entry.outcome:25} {entry.key} ({entry.kind})"


def _change(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    changed = azure.change(options.resource, options.path, _value(options.value))
    yield f"changed {options.path} of {changed.id}"


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _delete(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    identity = azure.find(options.resource).id
    azure.delete(identity)
    yield f"deleted {identity}"


def _purge(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    azure.plane.purge(options.kind, options.name)
    yield f"purged {options.name}"


def _fail(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    given = {name: getattr(options, name) for name in _FAULT_OPTIONS}
    azure.fail(faults.Fault(pattern=options.pattern, **given))
    yield f"{len(azure.faults())} faults are waiting"


def _heal(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    del options
    azure.heal()
    yield "nothing goes wrong any more"


def _set(azure: SimulatedAzure, options: argparse.Namespace) -> Lines:
    azure.set(options.name, options.value)
    yield f"{options.name} is {options.value}"


_COMMANDS: Mapping[str, Callable[[SimulatedAzure, argparse.Namespace], Lines]] = {
    "show": _show,
    "history": _history,
    "change": _change,
    "delete": _delete,
    "purge": _purge,
    "fail": _fail,
    "heal": _heal,
    "set": _set,
}
_FAULT_OPTIONS = tuple(field.name for field in fields(faults.Fault) if field.name != "pattern")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m modelyard_infra.simulator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    from_variable = os.environ.get(FILE_VARIABLE)
    default = Path(from_variable) if from_variable else None
    parser.add_argument("--file", type=Path, default=default, help="the file of the simulated Azure")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show").add_argument("resource", nargs="?")
    commands.add_parser("history")
    change = commands.add_parser("change")
    for name in ("resource", "path", "value"):
        change.add_argument(name)
    commands.add_parser("delete").add_argument("resource")
    purge = commands.add_parser("purge")
    for name in ("kind", "name"):
        purge.add_argument(name)
    _add_fault(commands.add_parser("fail"))
    commands.add_parser("heal")
    setting = commands.add_parser("set")
    for name in ("name", "value"):
        setting.add_argument(name)
    return parser


def _add_fault(parser: argparse.ArgumentParser) -> None:
    usual = faults.Fault()
    parser.add_argument("pattern", help="key, kind or id of the resource, with * and ?")
    parser.add_argument("--operation", default="*", choices=["*", "create", "update", "delete", "read"])
    parser.add_argument("--action", default=faults.FAIL, choices=[faults.FAIL, faults.KILL, faults.HANG])
    parser.add_argument("--moment", default=faults.BEFORE, choices=[faults.BEFORE, faults.AFTER, faults.LOST])
    parser.add_argument("--attempt", type=int, default=1, help="the first operation that is hit")
    parser.add_argument("--times", type=int, default=1, help="how many are hit")
    parser.add_argument("--status", type=int, default=usual.status)
    parser.add_argument("--code", default=usual.code)
    parser.add_argument("--message", default=usual.message)
    parser.add_argument("--retry-after", type=float)
    parser.add_argument("--until", default="", help="the file that ends a hang")


if __name__ == "__main__":
    sys.exit(main())
