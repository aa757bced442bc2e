"""`modelyard release`: build, test, deploy, status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform
from modelyard.errors import ReleaseRefusedError
from modelyard.release.deployment import DeploymentReport
from modelyard.release.images.building import ImageReport
from modelyard.release.images.papers import SBOM, provenance_file
from modelyard.release.report import HEADINGS, SuiteReport
from modelyard_pipelines.commands import rollout, travelling
from modelyard_pipelines.commands.folders import from_option, name_argument, named
from modelyard_pipelines.release import images, releasing
from modelyard_pipelines.release.travelling import deploy_from, pack


@click.group()
def release() -> None:
    """Production version → bundle → API test suite → model API."""


for _beside in (*rollout.COMMANDS, *travelling.COMMANDS):
    release.add_command(_beside)


@release.command()
@click.argument("name")
@click.option("--image/--no-image", default=True, help="also the image, its list of contents and its provenance")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    metavar="DIR",
    help="also put all of it into DIR/NAME, as other environments take it",
)
@environment_option
@format_option
def build(name: str, *, image: bool, out: Path | None, environment_name: str, output_format: str) -> None:
    """Writes and signs the bundle of NAME's production version, and builds its image.

    What is in the image (SBOM) and where it is from (provenance) is written beside the bundles, in releases/. Where
    nothing builds images, everything but the image is made.
    """
    if out is not None and not image:
        raise click.UsageError("a release that travels carries its papers: leave --no-image out")
    platform = open_platform(environment_name)
    with step(f"building the bundle of {name}"):
        bundle = releasing.build(platform, name)
    facts: dict[str, Any] = {
        "folder": str(bundle.folder),
        "changed": bundle.changed,
        "digest": bundle.manifest.digest,
        "image": None,
        "release": None,
    }
    lines = [f"bundle   {bundle.folder} ({'written' if bundle.changed else 'as it was'})"]
    if image:
        with step(f"building the image of {name}") as note:
            report = images.build_image(platform, bundle, note=note)
        facts["image"] = report.to_document()
        lines += _image_lines(report)
        if out is not None:
            packed = pack(platform, bundle, report, out)
            facts["release"] = {"folder": str(packed.folder), "changed": packed.changed}
            lines.append(f"release  {packed.folder} ({'written' if packed.changed else 'as it was'})")
    emit(facts, "\n".join(lines), output_format)


@release.command()
@environment_option
@format_option
def jobs(environment_name: str, output_format: str) -> None:
    """Builds the image that jobs in Azure run: data, model and release, with this checkout's models."""
    platform = open_platform(environment_name)
    with step("building the image of the jobs") as note:
        report = images.build_jobs(platform, note=note)
    built = None if report.image is None else report.image.digest
    facts = {"image": report.reference, "image_digest": built, "context": str(report.context)}
    lines = [f"image    {report.reference}", f"digest   {built}", f"context  {report.context}"]
    emit(facts, "\n".join(lines if built else [images.NO_BUILDER, lines[-1]]), output_format)


def _image_lines(report: ImageReport) -> list[str]:
    record = report.record
    papers = [f"contents {report.papers / SBOM}", f"origin   {provenance_file(report.papers)}"]
    if record.image is None:
        folders = [f"context  {report.runtime_context}, then {report.context}"]
        return [*papers, *folders, images.NO_BUILDER]
    size = "" if record.size_bytes is None else f", {record.size_bytes / 1e6:,.0f} MB"
    how = f"built by {record.builder}" if report.built else "as it was"
    return [f"image    {record.image} ({how}{size})", f"digest   {record.image_digest}", *papers]


@release.command()
@click.argument("name")
@environment_option
@format_option
def test(name: str, environment_name: str, output_format: str) -> None:
    """Runs the API test suite on a process that serves NAME's production version alone."""
    platform = open_platform(environment_name)
    with step(f"rehearsing {name}"):
        report = releasing.rehearse_release(platform, name)
    show_suite(report, output_format)


@release.command()
@name_argument
@from_option
@environment_option
@format_option
def deploy(name: str | None, folder: Path | None, *, environment_name: str, output_format: str) -> None:
    """Builds, rehearses and deploys NAME's production version, without a failed request; or releases in a folder."""
    model = name if folder is not None else named(name)
    platform = open_platform(environment_name)
    with step(f"deploying {model or 'releases'}"):
        given = () if folder is None else deploy_from(platform, folder, name)
        done = given if folder is not None else (releasing.deploy(platform, named(name)),)
    documents = [one.to_document() for one in done]
    text = "\n".join(f"{_deployed(one)}: {platform.connections.model_api}" for one in done)
    emit({"releases": documents} if folder is not None else documents[0], text, output_format)


def _deployed(done: DeploymentReport) -> str:
    how = f"took traffic after {done.seconds:.1f} s" if done.changed else "was served already"
    return f"{done.model} version {done.version} {how}"


@release.command()
@click.argument("name")
@environment_option
@format_option
def status(name: str, environment_name: str, output_format: str) -> None:
    """What is deployed of NAME, and what the live API serves."""
    found = releasing.status(open_platform(environment_name), name)
    rows = [(key, value) for key, value in found.to_document().items()]
    emit(found.to_document(), lambda: table(["", name], rows), output_format)


def show_suite(report: SuiteReport, output_format: str) -> None:
    """Prints what the API test suite found, and fails the command if anything did not hold."""
    show_suites((report,), output_format)


def show_suites(reports: Sequence[SuiteReport], output_format: str) -> None:
    """The same for several models; for machines, a single one stands alone."""
    documents = [report.to_document() for report in reports]
    text = "\n\n".join(f"{table(HEADINGS, report.lines())}\n\n{report.summary()}" for report in reports)
    emit(documents[0] if len(documents) == 1 else {"models": documents}, text, output_format)
    if failed := [report.sentence() for report in reports if not report.passed]:
        raise ReleaseRefusedError("; ".join(failed), hint="the table above names what the API answered")
