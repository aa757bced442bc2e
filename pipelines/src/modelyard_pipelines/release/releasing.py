"""From the production version to the model API: build, test, deploy, status."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from modelyard.composition import Platform
from modelyard.errors import NoProductionModelError
from modelyard.notify.notification import Notification
from modelyard.registry.versions import ModelVersion
from modelyard.release.bundling import Bundle, RegisteredModel, build_bundle
from modelyard.release.credential import CREDENTIAL_VARIABLE, Credential
from modelyard.release.deployment import Deployment, DeploymentReport, Rehearse
from modelyard.release.expectation import Expectation
from modelyard.release.rehearsal import rehearse
from modelyard.release.report import SuiteReport
from modelyard.release.signers import sealing_of, trusted_keys_of
from modelyard.release.status import ReleaseStatus, read_status
from modelyard.release.suite import run_suite
from modelyard_bundle import read_bundle
from modelyard_pipelines.release.sampling import with_sample

BACK_LOAD_SECONDS = 0.3
"""How long several clients ask at once before a version takes traffic that it had before."""


def build(platform: Platform, name: str) -> Bundle:
    """The bundle of the production version; one that is there and whole is kept.

    Raises:
        NoProductionModelError: nobody has promoted a version yet.
        InvalidBundleError: what the registry holds is not what was registered.
    """
    registry = platform.registry()
    version = registry.production(name)
    if version is None:
        raise NoProductionModelError(
            f"{name} has no production version, so there is nothing to release",
            hint=f'modelyard model promote {name} --by "YOUR NAME" --reason "WHY"',
        )
    return bundle_of(platform, version)


def bundle_of(platform: Platform, version: ModelVersion) -> Bundle:
    """The bundle of any version; one that is there and whole is kept.

    Raises:
        InvalidBundleError: what the registry holds is not what was registered, or cannot be served.
    """
    registry = platform.registry()
    return build_bundle(
        _registered(version),
        lambda folder: registry.download(version.model, version.version, folder),
        bundles=Path(platform.connections.bundles),
        sealing=sealing_of(platform.environment, platform.workspace),
    )


def rehearse_release(platform: Platform, name: str) -> SuiteReport:
    """The API test suite on a process that serves the production version alone; the live API is not touched."""
    bundle = build(platform, name)
    expected = Expectation.of(read_bundle(bundle.folder))
    with _rehearsal(platform)(bundle.pointer, bundles=Path(platform.connections.bundles)) as url:
        return run_suite(url, with_sample(platform, expected), budget_ms=platform.environment.serving.latency_budget_ms)


def deploy(platform: Platform, name: str, *, going_back: bool = False) -> DeploymentReport:
    """Builds, rehearses and deploys the production version; a version that is served already is left alone.

    Args:
        platform: Where.
        name: The model.
        going_back: Whether somebody waits for a version that was in production before. It has passed the whole suite
            then, so it is held to its example alone, and load is short.

    Raises:
        ReleaseRefusedError: the API test suite failed; what was served before is served still.
    """
    bundle = build(platform, name)
    deployment = deployment_of(platform)
    if going_back:
        deployment = replace(deployment, sampled=lambda expected: expected, load_seconds=BACK_LOAD_SECONDS)
    report = deployment.deploy(bundle.pointer)
    if report.changed:
        tell_of_release(platform, report)
    return report


def deployment_of(platform: Platform) -> Deployment:
    """Where bundles are deployed to in this environment, and how strict that is."""
    return Deployment(
        bundles=Path(platform.connections.bundles),
        deployments=Path(platform.connections.deployments),
        live=platform.connections.model_api,
        budget_ms=platform.environment.serving.latency_budget_ms,
        credential=live_credential(platform),
        sampled=partial(with_sample, platform),
        rehearse=_rehearsal(platform),
    )


def live_credential(platform: Platform) -> Credential | None:
    """What lets releases in at the environment's own model API; none where everybody may ask, or none is held."""
    if platform.environment.serving.access.mode == "off" or CREDENTIAL_VARIABLE not in os.environ:
        return None
    return Credential.in_variable(CREDENTIAL_VARIABLE)


def _rehearsal(platform: Platform) -> Rehearse:
    """A rehearsal that trusts the same keys as the live API, so that what it takes is taken there."""
    return partial(rehearse, trusted_keys=trusted_keys_of(platform.environment, platform.workspace))


def status(platform: Platform, name: str) -> ReleaseStatus:
    """What is deployed of a model, and what the live API serves."""
    connections = platform.connections
    return read_status(
        name,
        deployments=Path(connections.deployments),
        live=connections.model_api,
        credential=live_credential(platform),
    )


def _registered(version: ModelVersion) -> RegisteredModel:
    return RegisteredModel(
        model=version.model,
        version=str(version.version),
        digest=version.digest,
        run_id=version.run_id,
        commit=version.commit,
        data_versions=version.data_versions,
        libraries=version.libraries,
        created_at=version.created_at,
    )


def tell_of_release(platform: Platform, report: DeploymentReport) -> None:
    """Tells people that a version is served."""
    before = "nothing was served before" if report.previous is None else f"it replaces version {report.previous}"
    checks = 0 if report.rehearsal is None else len(report.rehearsal.checks)
    platform.notifier.notify(
        Notification(
            kind="model released",
            title=f"{report.model}: version {report.version} is served",
            what=f"the API test suite passed ({checks} checks) before it took traffic; {before}",
            where=platform.connections.model_api,
            how_much=f"first answer {report.seconds:.1f} s after the pointer moved",
            next_step="modelyard serve smoke",
            facts={"digest": report.digest},
            event=f"{report.model} {report.version} {report.digest} after {report.previous}",
        )
    )
