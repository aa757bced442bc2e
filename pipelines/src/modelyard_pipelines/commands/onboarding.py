"""`modelyard model new`, `upgrade` and `check`: a model folder is made, kept up to date, and held to its contract."""

from __future__ import annotations

import getpass
import subprocess
import sys
from dataclasses import asdict, replace

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import Platform, open_platform
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError, ModelyardError
from modelyard.models.onboarding.creating import check_name
from modelyard.models.onboarding.proposing import Wanted
from modelyard.models.onboarding.targets import FORMS
from modelyard.models.onboarding.upgrading import Upgrade, upgrade_model
from modelyard_pipelines.model.checking import check_folder
from modelyard_pipelines.model.onboarding import Onboarded, likely_purpose, onboard, proposal_for
from modelyard_pipelines.purposes.catalog import find_purpose

NONE = "none"
"""The answer for no column at all."""


@click.command()
@click.argument("name")
@click.option("--purpose", default=None, help="the CURATED table that it learns from; default: the one of its name")
@click.option("--target", default=None, help="COLUMN, COLUMN=VALUE or COLUMN>NUMBER; default: the likeliest column")
@click.option("--unknown", default=None, help="columns that are not known in time, with commas; default: likely leaks")
@click.option("--split", default=None, help="a time, or columns that name an entity; default: found out")
@click.option("--owner", default=None, help="the team or person who answers for it; default: who you are")
@click.option("--description", default="", help="what it answers, in one sentence; default: made of the target")
@click.option("--risk", type=click.Choice(["minimal", "limited", "high"]), default=None, help="its risk class")
@click.option("--defaults", is_flag=True, help="asks nothing: what was not given is found out")
@environment_option
@format_option
def new(
    name: str,
    *,
    purpose: str | None,
    target: str | None,
    unknown: str | None,
    split: str | None,
    owner: str | None,
    description: str,
    risk: str | None,
    defaults: bool,
    environment_name: str,
    output_format: str,
) -> None:
    """Writes ml/models/NAME: a declaration, a notebook and a card, proposed from what CURATED holds.

    On a terminal it asks five questions at most, each with an answer that the data suggests.
    """
    platform = open_platform(environment_name)
    check_name(platform.workspace, name)
    ask = not defaults and sys.stdin.isatty() and output_format == "text"
    chosen = _purpose(platform, name, purpose, ask=ask)
    wanted = Wanted(target=target, split=_names(split), unknown=_names(unknown))
    if ask:
        wanted = _asked(platform, chosen, wanted)
        owner = owner or click.prompt("who answers for it?", default=_person(), err=True)
    with step(f"looking at CURATED/{chosen}"):
        proposal = proposal_for(platform, chosen, wanted)
    with step(f"writing ml/models/{name}"):
        done = onboard(
            platform,
            name,
            purpose=chosen,
            proposal=proposal,
            owner=owner or _person(),
            description=description,
            risk=risk or "",
        )
    emit(done, lambda: _told(done), output_format)


@click.command()
@click.argument("name")
@format_option
def upgrade(name: str, output_format: str) -> None:
    """Brings the folder of NAME to the newest template; what people changed stays, what clashes is marked."""
    with step(f"upgrading {name}"):
        done = upgrade_model(Workspace.find(), name)
    emit(done, lambda: _upgraded(done), output_format)
    if done.conflicts:
        raise InvalidModelError(
            f"{name}: both the template and somebody here changed {', '.join(done.conflicts)}; both are marked",
            hint=f"choose one at each place in ml/models/{name}, then modelyard model check {name}",
        )


@click.command()
@click.argument("name")
@click.option("--rows", default=20_000, show_default=True, help="rows of the CURATED table to check on")
@environment_option
@format_option
def check(name: str, rows: int, environment_name: str, output_format: str) -> None:
    """Runs the contract suite that every model passes on NAME: interface, determinism, leakage, trusted types."""
    platform = open_platform(environment_name)
    with step(f"checking {name}"):
        report = check_folder(platform, name, rows=rows)
    told = [("passed" if one.passed else "FAILED", one.name, one.detail) for one in report.checks]
    emit({**asdict(report), "passed": report.passed}, lambda: table(["", "check", "found"], told), output_format)
    if not report.passed:
        failed = "; ".join(f"{one.name}: {one.detail}" for one in report.failures)
        raise InvalidModelError(f"{name} breaks the model contract: {failed}", hint=f"change ml/models/{name}/model.py")


def _purpose(platform: Platform, name: str, given: str | None, *, ask: bool) -> str:
    """The first question: what it learns from."""
    if given or not ask:
        return find_purpose(given or likely_purpose(platform, name), platform.workspace).name
    try:
        likely: str | None = likely_purpose(platform, name)
    except ModelyardError:
        likely = None
    said: str = click.prompt("which purpose does it learn from?", default=likely, err=True)
    return find_purpose(said, platform.workspace).name


def _asked(platform: Platform, purpose: str, wanted: Wanted) -> Wanted:
    """The next three questions, where no option has answered them; each answer decides what the next suggests."""
    wanted = replace(wanted, target=wanted.target or _target(platform, purpose, wanted))
    found = proposal_for(platform, purpose, wanted)
    if wanted.unknown is None:
        likely = ",".join(found.unknown) or NONE
        said = click.prompt("which columns are not known in time?", default=likely, err=True)
        wanted = replace(wanted, unknown=() if said.strip() == NONE else _names(said))
    if wanted.split is None:
        said = click.prompt(
            "what are rows split by: a time, or who they are about?", default=found.split.said, err=True
        )
        wanted = replace(wanted, split=_names(said))
    return wanted


def _target(platform: Platform, purpose: str, wanted: Wanted) -> str:
    try:
        likely: str | None = proposal_for(platform, purpose, wanted).target.said
    except InvalidModelError:
        likely = None
    said: str = click.prompt(f"what does it predict? {FORMS}", default=likely, err=True)
    return said


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _person() -> str:
    """Who is at work here: git's name, else the account's."""
    named = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        return named or getpass.getuser()
    except OSError:
        return ""


def _told(done: Onboarded) -> str:
    rows = [(kind, len(names), ", ".join(names)) for kind, names in done.proposal.features.items() if names]
    return "\n".join(
        [
            f"{done.made.folder}: {', '.join(done.made.files)}; {done.made.lines} lines of declaration",
            "",
            table(["kind", "", "features"], rows),
            "",
            "please review:",
            *(f"  - {one}" for one in done.review),
            "",
            *(f"next: {command}" for command in done.next_steps),
        ]
    )


def _upgraded(done: Upgrade) -> str:
    if done.before == done.after:
        return f"{done.model} is of the newest template, {done.after}"
    lines = [f"{done.model}: template {done.before} → {done.after}"]
    lines += [f"  changed {file}" for file in done.changed]
    lines += [f"  kept {file}, which somebody here has changed" for file in done.kept]
    lines += [f"  conflict at {place}" for place in done.conflicts]
    return "\n".join([*lines, f"next: modelyard model check {done.model}"])
