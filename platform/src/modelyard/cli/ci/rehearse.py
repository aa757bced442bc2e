"""`modelyard ci rehearse`: runs a pipeline on this machine, in a clean checkout."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.cli.options import format_option
from modelyard.cli.output import emit, say, table

if TYPE_CHECKING:
    from modelyard.delivery.pipeline import Pipeline
    from modelyard.delivery.rehearsing.playing.approvals import Approver, Gates
    from modelyard.delivery.rehearsing.running import Finished
    from modelyard.delivery.rehearsing.wishes import Wishes
    from modelyard.environment.workspace import Workspace

REHEARSALS = "rehearsals"
PROMOTION = "promotion"
PROVISIONING = "-infra"
"""Ends the name of the environment in which infrastructure is provisioned, as `modelyard ci bootstrap` makes it."""
LAST = "prod"


@click.command()
@click.argument("file", required=False)
@click.option("--stage", "stages", metavar="S", multiple=True, help="Run this stage only. May be given several times.")
@click.option(
    "--env", "environment", type=click.Choice(["local"]), default=None, help="Yards of this machine stand in for Azure."
)
@click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter; with a dot, a predefined variable.",
)
@click.option("--approve", is_flag=True, help="Approve everything in your own name.")
@click.option("--approve-as", metavar="NAME", help="Approve everything in this name; needs --reason.")
@click.option("--reason", metavar="WHY", help="Why it is approved.")
@click.option(
    "--secrets", "secrets_file", type=click.Path(path_type=Path), help="NAME=value lines or YAML; only you may read it."
)
@click.option("--rerun", type=int, metavar="RUN", help="Go on with a run: what succeeded is not run again.")
@click.option("--fail", metavar="STAGE/JOB/STEP", default="", help="A drill: this step fails. STAGE/JOB/HOOK/STEP too.")
@click.option("--plan", is_flag=True, help="Show the resolved graph, and run nothing.")
@click.option("--keep", is_flag=True, help="Leave the services of the yards running.")
@click.option("--clean", is_flag=True, help="Remove old runs and caches; runs no pipeline.")
@click.option("--forget", is_flag=True, help="Remove the yards too; their services are stopped first.")
@format_option
def rehearse(
    file: str | None,
    output_format: str,
    *,
    stages: tuple[str, ...],
    environment: str | None,
    settings: tuple[str, ...],
    approve: bool,
    approve_as: str | None,
    reason: str | None,
    secrets_file: Path | None,
    rerun: int | None,
    fail: str,
    plan: bool,
    keep: bool,
    clean: bool,
    forget: bool,
) -> None:
    """Run the pipeline FILE on this machine, in a clean checkout of what is committed."""
    from modelyard.delivery.rehearsing.wishes import Wishes
    from modelyard.environment.workspace import Workspace

    workspace = Workspace.find()
    if clean or forget:
        _clean(workspace, output_format, forget=forget)
        return
    if file is None and rerun is None:
        raise click.UsageError("name a pipeline file, or a run with --rerun")
    wishes = Wishes(
        root=workspace.root,
        home=workspace.state / REHEARSALS,
        file=_from_root(file, workspace.root) if file else "",
        stages=stages,
        environment=environment or "",
        settings=dict(_pair(one) for one in settings),
        secrets=secrets_file,
        rerun=rerun,
        fail=fail,
        keep=keep,
    )
    if plan:
        _plan(wishes, workspace, output_format)
        return
    approver = _approver(workspace.root, approve=approve, name=approve_as, reason=reason)
    _run(wishes, workspace, approver, output_format=output_format)


def _run(wishes: Wishes, workspace: Workspace, approver: Approver, *, output_format: str) -> None:
    from modelyard.cli.ci.rehearsal_watching import Progress
    from modelyard.cli.ci.yard_keeping import InfraYards
    from modelyard.delivery.rehearsing.running import rehearse as run
    from modelyard.delivery.rehearsing.wishes import Company

    company = Company(
        person=_person(workspace.root),
        approver=approver,
        gates=gates_of(workspace),
        watcher=Progress(),
        yards=InfraYards(),
    )
    finished = run(wishes, company)
    emit(finished.record, lambda: _text(finished), output_format)
    if finished.failure is not None:
        raise finished.failure


def _text(finished: Finished) -> str:
    from modelyard.delivery.rehearsing.recording.summary import HEADINGS, notes, rows, shown

    record = finished.record
    head = f"rehearsal {record.number} of {record.file}: {shown(record.result)} in {record.seconds:.1f} s"
    lines = [head, "", table(HEADINGS, rows(record)), "", *notes(record), f"summary: {finished.folder.path}/summary.md"]
    return "\n".join(lines)


def _plan(wishes: Wishes, workspace: Workspace, output_format: str) -> None:
    """Shows the graph of the file as it is now, committed or not."""
    from modelyard.delivery.rehearsing.opening import pipeline_of
    from modelyard.delivery.rehearsing.planning.plan import document_of, lines_of, tree_of

    pipeline: Pipeline = pipeline_of(wishes)
    gates = gates_of(workspace)
    emit(document_of(pipeline, gates), lambda: "\n".join(lines_of(tree_of(pipeline, gates))), output_format)


def _clean(workspace: Workspace, output_format: str, *, forget: bool) -> None:
    from modelyard.cli.ci.yard_keeping import InfraYards
    from modelyard.delivery.rehearsing.cleaning import clean

    removed = clean(workspace.state / REHEARSALS, InfraYards(), checkout=workspace.root, forget=forget)
    for problem in removed.problems:
        say(f"  ! {problem}")
    emit(removed, removed.text, output_format)


def gates_of(workspace: Workspace) -> Gates:
    """The pipeline environments that need an approval, and who gives it, as the environment files say."""
    from modelyard.environment.loading import environment_names, load_environment

    gates: dict[str, tuple[str, ...]] = {}
    for name in environment_names(workspace):
        azure = load_environment(workspace, name).azure
        if azure is None or not azure.approvals.required_for:
            continue
        names = {"infra": f"{name}{PROVISIONING}", "release": name, "promotion": PROMOTION}
        gates |= {names[step]: azure.approvals.approvers for step in azure.approvals.required_for}
    return gates or {PROMOTION: (), LAST: ()}


def _approver(root: Path, *, approve: bool, name: str | None, reason: str | None) -> Approver:
    from modelyard.cli.ci.rehearsal_watching import AskOnTerminal
    from modelyard.delivery.rehearsing.playing.approvals import GivenApproval

    if name is not None:
        if not reason:
            raise click.UsageError("--approve-as needs --reason: an approval says why")
        return GivenApproval(name, reason)
    if approve:
        return GivenApproval(_person(root), reason or "approved on the command line of a rehearsal")
    if reason:
        raise click.UsageError("--reason belongs to --approve or --approve-as")
    return AskOnTerminal(_person(root))


def _person(root: Path) -> str:
    words = ["git", "-C", str(root), "config", "user.name"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or getpass.getuser()


def _from_root(file: str, root: Path) -> str:
    """The file's name from the root, wherever the caller stands; one that is not there is left to be refused."""
    for path in (Path(file), root / file):
        if path.is_file() and root in path.resolve().parents:
            return path.resolve().relative_to(root).as_posix()
    return file


def _pair(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals or not name:
        raise click.UsageError(f"--set takes NAME=VALUE, found {setting!r}")
    return name, value
