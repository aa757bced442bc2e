"""`modelyard model history`, `verify` and `rollback`: what was decided, whether it can be trusted, and the way back."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import Platform, open_platform
from modelyard.errors import LedgerBrokenError
from modelyard.models.discovery import find_model
from modelyard.registry.entries import LedgerEntry
from modelyard.registry.timeline import Moment, ended, in_production_at
from modelyard.registry.versions import ModelVersion
from modelyard_pipelines.model.rolling_back import RolledBack, roll_back
from modelyard_pipelines.model.verifying import Verified
from modelyard_pipelines.model.verifying import verify as verify_ledger


@click.command()
@click.argument("name")
@click.option("--at", "moment", default=None, help="what was in production then; ISO 8601, such as 2013-09-01T12:00")
@click.option("--zone", default="UTC", show_default=True, help="the time zone of --at, where it says no offset")
@environment_option
@format_option
def history(name: str, *, moment: str | None, zone: str, environment_name: str, output_format: str) -> None:
    """Every version of NAME and every decision about production, from the verified ledger."""
    asked = None if moment is None else _moment(moment, zone)
    platform = open_platform(environment_name)
    entries = platform.registry().history(name)
    if asked is not None:
        found = _then(name, entries, asked)
        emit(found, lambda: _told_then(found), output_format)
        return
    versions = _versions(platform, name)
    decisions = [{**asdict(entry.decision), "entry": entry.sequence, "hash": entry.hash} for entry in entries]
    emit({"versions": versions, "decisions": decisions}, lambda: _told(versions, entries), output_format)


@click.command()
@click.argument("name")
@click.option("--offline", is_flag=True, help="ask the lake alone, and not the registry")
@click.option("--head", default=None, help="a hash that was noted elsewhere: the ledger must still have it")
@environment_option
@format_option
def verify(name: str, *, offline: bool, head: str | None, environment_name: str, output_format: str) -> None:
    """Looks at every byte of NAME's ledger, and at the evidence that it names."""
    done = verify_ledger(open_platform(environment_name), name, offline=offline, head=head)
    emit(done, lambda: _verified(done), output_format)
    if not done.passed:
        sys.exit(LedgerBrokenError.exit_code)


@click.command()
@click.argument("name")
@click.option("--by", default=getpass.getuser, show_default="who you are", help="the person who decides")
@click.option("--reason", default="no reason was given", show_default=True, help="why")
@click.option("--to", type=int, default=None, help="a version that was in production; default: the one before")
@environment_option
@format_option
def rollback(name: str, *, by: str, reason: str, to: int | None, environment_name: str, output_format: str) -> None:
    """Goes back to the version of NAME that was in production before; the model API follows, if it was released."""
    platform = open_platform(environment_name)
    with step(f"rolling back {name}") as note:
        done = roll_back(platform, name, by=by, reason=reason, to=to, note=note)
    emit(done, lambda: _rolled_back(done), output_format)


def _moment(text: str, zone: str) -> Moment:
    try:
        return Moment.read(text, zone=zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--at") from None


def _versions(platform: Platform, name: str) -> list[dict[str, Any]]:
    """Every version, for people; a model that was never trained must at least be declared."""
    found = platform.registry().versions(name)
    if not found:
        find_model(platform.workspace, name)
    return [_row(one) for one in found]


def _row(one: ModelVersion) -> dict[str, Any]:
    data = ", ".join(f"{name}@{version}" for name, version in one.data_versions.items())
    return {"version": one.version, "stage": one.stage, "data": data, "registered": one.created_at}


def _then(name: str, entries: Sequence[LedgerEntry], asked: Moment) -> dict[str, Any]:
    """What was in production at a moment, as JSON values."""
    entry = in_production_at(entries, asked.instant)
    at = asked.instant.isoformat(timespec="seconds")
    found = None if entry is None else {**asdict(entry.decision), "entry": entry.sequence, "hash": entry.hash}
    until = None if entry is None else ended(entries, entry)
    return {"model": name, "at": at, "read_in": asked.zone, "decision": found, "until": until}


def _told_then(found: dict[str, Any]) -> str:
    decision, read = found["decision"], "" if found["read_in"] == "UTC" else f" (read in {found['read_in']})"
    if decision is None:
        return f"at {found['at']}{read}, nothing of {found['model']} was in production"
    until = f"until {found['until']}" if found["until"] else "and still is"
    return (
        f"at {found['at']}{read}, version {decision['version']} of {found['model']} was in production\n"
        f"since {decision['at']} {until}, by {decision['action']} of {decision['by']}: {decision['reason']}\n"
        f"digest {decision['digest']}, entry {decision['entry']} of the ledger"
    )


def _told(versions: Sequence[dict[str, Any]], entries: Sequence[LedgerEntry]) -> str:
    said = [entry.decision for entry in entries]
    rows = [(one.at, one.action, one.version, one.replaces, one.by, one.reason) for one in said]
    return "\n\n".join(
        [
            table(["version", "stage", "data", "registered"], [list(one.values()) for one in versions]),
            table(["decided (UTC)", "what", "version", "replaces", "by", "reason"], rows),
        ]
    )


def _verified(done: Verified) -> str:
    marks = {True: "✓", False: "✗", None: "-"}
    lines = [f"{marks[check.passed]} {check.name}: {check.said}" for check in done.checks]
    verdict = "verifies" if done.passed else "does not verify"
    return "\n".join([*lines, "", f"the ledger of {done.model} {verdict}: {done.entries} entries, head {done.head}"])


def _rolled_back(done: RolledBack) -> str:
    said = done.entry.decision
    what = f"{said.model} version {said.version} is in production again, and version {said.replaces} is archived"
    if not done.changed:
        what = (
            f"{said.model} version {said.version} is in production since {said.at}, nothing was changed\n"
            f"to go further back: modelyard model rollback {said.model} --to VERSION"
        )
    api = {
        "moved": f"the model API serves version {done.deployed}",
        "there already": f"the model API serves version {done.deployed} already",
        "not released": "it was not released, so there is no model API to move",
        "left alone": f"the model API serves version {done.deployed}, which was not in production: left alone",
    }[done.release]
    return f"{what}\n{api} ({done.seconds:.1f} s in all)"
