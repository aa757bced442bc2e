"""`modelyard release`: build, test, deploy, status."""

from __future__ import annotations

import click

from modelyard.cli.options import environment_option, format_option
from modelyard.cli.output import emit, step, table
from modelyard.composition import open_platform
from modelyard.errors import ReleaseRefusedError
from modelyard.release.report import SuiteReport
from modelyard_pipelines.release import releasing


@click.group()
def release() -> None:
    """Production version → bundle → API test suite → model API."""


@release.command()
@click.argument("name")
@environment_option
@format_option
def build(name: str, environment_name: str, output_format: str) -> None:
    """Writes the bundle of NAME's production version: manifest, digests, model, signature, example."""
    platform = open_platform(environment_name)
    with step(f"building the bundle of {name}"):
        bundle = releasing.build(platform, name)
    facts = {"folder": str(bundle.folder), "changed": bundle.changed, "digest": bundle.manifest.digest}
    emit(facts, f"{bundle.folder} ({'written' if bundle.changed else 'as it was'})", output_format)


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
@click.argument("name")
@environment_option
@format_option
def deploy(name: str, environment_name: str, output_format: str) -> None:
    """Builds, rehearses and deploys NAME's production version, without a failed request."""
    platform = open_platform(environment_name)
    with step(f"deploying {name}"):
        report = releasing.deploy(platform, name)
    done = f"took traffic after {report.seconds:.1f} s" if report.changed else "was served already"
    emit(
        report.to_document(), f"{name} version {report.version} {done}: {platform.connections.model_api}", output_format
    )


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
    rows = [("passed" if one.passed else "FAILED", one.name, one.detail) for one in report.checks]
    emit(report.to_document(), lambda: table(["", "check", "found"], rows), output_format)
    if not report.passed:
        raise ReleaseRefusedError(report.sentence(), hint="the table above names what the API answered")
