"""`modelyard release import`, `watch`, `back`, `scan`, `trust`, `key`: what releases need that are built elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, say, step, table
from modelyard.composition import open_platform
from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ReleaseRefusedError
from modelyard.release.going_back import BackReport
from modelyard.release.scanning.auditing import OSV
from modelyard.release.trusting import KnownKey, known_keys, trust_keys
from modelyard_bundle import write_atomically
from modelyard_pipelines.commands.folders import from_option, name_argument, named, needed
from modelyard_pipelines.release.importing import Imported, import_from
from modelyard_pipelines.release.returning import back_from, watch_from
from modelyard_pipelines.release.scanning import Scan, scan_from, scan_production


@click.command("import")
@name_argument
@from_option
@environment_option
@format_option
def import_images(name: str | None, folder: Path | None, *, environment_name: str, output_format: str) -> None:
    """Brings the images of releases into the environment's own registry, which is the only one it pulls from."""
    workspace = Workspace.find()
    environment = load_environment(workspace, environment_name)
    with step("bringing images"):
        done = import_from(workspace, environment, needed(folder), name)
    emit({"releases": [one.to_document() for one in done]}, lambda: "\n".join(map(_imported, done)), output_format)


@click.command()
@name_argument
@from_option
@click.option("--seconds", type=click.FloatRange(0, 86_400), required=True, help="how long to wait at most")
@click.option("--probe", is_flag=True, help="ask the live API meanwhile, gently, with rows from the bundle")
@environment_option
@format_option
def watch(
    name: str | None, folder: Path | None, *, seconds: float, probe: bool, environment_name: str, output_format: str
) -> None:
    """Waits for the verdict on the canary of a release: 0 if it may go on, 7 as soon as it may not."""
    platform = open_platform(environment_name)
    with step("waiting for the verdict"):
        seen = watch_from(platform, needed(folder), name, seconds=seconds, probe=probe)
    rows = [(one.model, one.version, one.verdict, one.requests, one.probes, one.reason) for one in seen]
    headings = ("model", "version", "verdict", "requests", "probes", "reason")
    emit({"releases": [one.to_document() for one in seen]}, lambda: table(headings, rows), output_format)
    if bad := [one for one in seen if not one.good]:
        said = "; ".join(f"{one.model} version {one.version} is {one.verdict}: {one.reason}" for one in bad)
        raise ReleaseRefusedError(said, hint=f"modelyard release back --from {folder}")


@click.command()
@name_argument
@from_option
@environment_option
@format_option
def back(name: str | None, folder: Path | None, *, environment_name: str, output_format: str) -> None:
    """Undoes a release: ends its rollout, or deploys again what was deployed before it. Never goes back a second step.

    Where it is neither tried nor deployed, nothing is done.
    """
    platform = open_platform(environment_name)
    with step("going back"):
        done, failed = back_from(platform, needed(folder), name)
    document = {"releases": [one.to_document() for one in done], "failed": [one.message for one in failed]}
    emit(document, lambda: "\n".join(map(_back, done)), output_format)
    for error in failed[1:]:
        say(f"error: {error.message}")
    if failed:
        raise failed[0]


@click.command()
@name_argument
@from_option
@click.option("--osv-url", "service", default=OSV, envvar="MODELYARD_OSV_URL", show_default=True, help="who is asked")
@environment_option
@format_option
def scan(name: str | None, folder: Path | None, *, service: str, environment_name: str, output_format: str) -> None:
    """Looks for known vulnerabilities of what NAME's image holds. What nobody accepted stops the release."""
    platform = open_platform(environment_name)
    with step("looking for known vulnerabilities"):
        if folder is None:
            scans: tuple[Scan, ...] = (scan_production(platform, named(name), service=service),)
        else:
            scans = scan_from(platform, folder, name, service=service)
    emit({"releases": [one.to_document() for one in scans]}, lambda: "\n".join(map(_scan, scans)), output_format)
    if against := [finding for one in scans for finding in one.against]:
        raise ReleaseRefusedError(
            f"{len(against)} known vulnerabilities: " + "; ".join(one.sentence for one in against),
            hint="update the package; or accept it for a while, with its reason: release.accepted_vulnerabilities in "
            f"environments/{environment_name}.yaml",
        )


@click.command()
@click.argument("file", metavar="KEY.pem", type=click.Path(exists=True, path_type=Path))
@environment_option
@format_option
def trust(file: Path, environment_name: str, output_format: str) -> None:
    """Trusts the public key in KEY.pem (or all in a folder of them): releases that it signed are taken from now on."""
    workspace = Workspace.find()
    done = trust_keys(file, load_environment(workspace, environment_name), workspace)
    document = {"keys": [{**one.key.to_json(), "changed": one.changed} for one in done]}
    lines = [
        f"{one.key.fingerprint} ({one.key.algorithm}) is trusted in {environment_name}"
        + ("" if one.changed else " already")
        for one in done
    ]
    emit(document, "\n".join(lines), output_format)


@click.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=None, help="also write the own public key there"
)
@environment_option
@format_option
def key(out: Path | None, environment_name: str, output_format: str) -> None:
    """Shows the public key that signs here, and those that are trusted here besides."""
    workspace = Workspace.find()
    keys = known_keys(load_environment(workspace, environment_name), workspace)
    if out is not None:
        (own,) = (one for one in keys if one.own)
        write_atomically(out, Path(own.file).read_bytes())
    emit(
        {"keys": [one.to_json() for one in keys]},
        lambda: table(("key", "signs here", "kind", "file"), _rows(keys)),
        output_format,
    )


COMMANDS = (import_images, watch, back, scan, trust, key)
"""What `modelyard release` gets from here."""


def _rows(keys: tuple[KnownKey, ...]) -> list[tuple[object, ...]]:
    return [(one.fingerprint, one.own, one.algorithm, one.file) for one in keys]


def _imported(done: Imported) -> str:
    if done.image is None:
        return f"{done.model} version {done.version}: no registry here, so its image stays where it is"
    how = f"fetched from {done.source}" if done.changed else "was there already"
    return f"{done.model} version {done.version}: {done.registry}/{done.image} {how}"


def _back(done: BackReport) -> str:
    now = "nothing of it is served" if done.answering is None else f"version {done.answering} answers everything"
    if done.was == "neither":
        return f"{done.model} version {done.version} is neither tried nor deployed; {now}"
    how = "its rollout was ended" if done.was == "tried" else "it was taken back"
    return f"{done.model} version {done.version}: {how}; {now}"


def _scan(done: Scan) -> str:
    if done.passed is None:
        return f"{done.model} version {done.version} not scanned: release.scanner is none"
    accepted = [f"  accepted until {one.accepted.until}: {one.sentence}" for one in done.findings if one.accepted]
    found = [f"  {one.sentence}" for one in done.against]
    head = f"{done.model} version {done.version}: {len(done.against)} known vulnerabilities that nobody accepted, in "
    left_out = f"  not asked about: {', '.join(done.left_out)}"
    return "\n".join([f"{head}{done.packages} packages", *found, *accepted, left_out, f"  written to {done.file}"])
