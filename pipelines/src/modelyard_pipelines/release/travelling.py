"""Releases that travel: packed where they were promoted, and taken into an environment that has no registry of them.

Nothing here opens the registry of the environment that a release comes to. What it needs to know lies in the release's
folder, signed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import ReleaseRefusedError
from modelyard.release.bundling import Bundle
from modelyard.release.credential import Credential
from modelyard.release.deployment import Deployment, DeploymentReport
from modelyard.release.expectation import OF_THE_BUNDLE, Expectation
from modelyard.release.images.building import ImageReport
from modelyard.release.report import SuiteReport
from modelyard.release.rollouts import RolloutReport, Rollouts, Trial
from modelyard.release.scanning.requiring import require_scans
from modelyard.release.signers import sealing_of, trusted_keys_of
from modelyard.release.suite import run_smoke, run_suite
from modelyard.release.travelling.admitting import admit_release
from modelyard.release.travelling.finding import open_releases
from modelyard.release.travelling.opening import TravellingRelease
from modelyard.release.travelling.packing import Packed, Packing
from modelyard.release.travelling.record import Promotion
from modelyard_bundle import BundleContent, Example, Pointer, Signature
from modelyard_bundle.manifest import EXAMPLE_FILE, SIGNATURE_FILE
from modelyard_pipelines.release.releasing import deployment_of, live_credential, tell_of_release
from modelyard_pipelines.release.rolling_out import limits_of, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How the canary of a release began, or why there is none."""

    rollout: RolloutReport | None
    """None where there was nothing to try it beside."""
    deployment: DeploymentReport | None
    """Of a first version, or of one that is deployed already."""

    def to_document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "rollout": None if self.rollout is None else self.rollout.to_document(),
            "deployment": None if self.deployment is None else self.deployment.to_document(),
            "first": self.first,
        }

    @property
    def first(self) -> bool:
        """Whether it is the first version, deployed at once."""
        return self.deployment is not None and self.deployment.changed and self.deployment.previous is None


def pack(platform: Platform, bundle: Bundle, image: ImageReport, out: Path) -> Packed:
    """The release of a bundle of the production version, in a folder that travels.

    Raises:
        ReleaseRefusedError: Another release is in that folder, or the ledger does not say who promoted the version.
        LedgerBrokenError: The ledger does not verify.
    """
    packing = Packing(
        environment=platform.environment.name, sealing=sealing_of(platform.environment, platform.workspace)
    )
    return packing.pack(bundle, image, promotion=_promotion(platform, bundle), out=out)


def opened(platform: Platform, folder: Path, name: str | None) -> tuple[TravellingRelease, ...]:
    """The releases in a folder, all of them checked against the keys that this environment trusts.

    Raises:
        InvalidBundleError: There is none, or one is damaged.
        ReleaseRefusedError: One is not signed by a key that is trusted here.
    """
    trusted = trusted_keys_of(platform.environment, platform.workspace)
    return open_releases(folder, name, trusted_keys=trusted)


def deploy_from(platform: Platform, folder: Path, name: str | None) -> tuple[DeploymentReport, ...]:
    """Rehearses and deploys releases from a folder, one after the other; what is served already is left alone.

    Raises:
        InvalidBundleError: One of them is damaged; nothing was begun.
        ReleaseRefusedError: One of them is not signed by a key that is trusted here, or was not scanned where this
            environment wants it, and nothing was begun; or one failed its suite, and what was served before is served
            still.
    """
    return tuple(_deployed(platform, pointer) for pointer in _admitted(platform, folder, name))


def canary_from(platform: Platform, folder: Path, name: str | None, *, percent: float) -> tuple[Tried, ...]:
    """Gives releases from a folder a share of the requests. A first version has nothing to be tried beside.

    Raises:
        InvalidBundleError: One of them is damaged; nothing was begun.
        ReleaseRefusedError: One cannot be taken or tried; what was served is served still.
    """
    trial = Trial(mode="canary", percent=percent, limits=limits_of(platform))
    return tuple(_tried(platform, pointer, trial) for pointer in _admitted(platform, folder, name))


def finish_from(platform: Platform, folder: Path, name: str | None) -> tuple[DeploymentReport, ...]:
    """The candidates from a folder become the deployed versions; all of them are looked at before one is deployed.

    They were promoted where they were built: their signed records say by whom, and on what evidence.

    Raises:
        InvalidBundleError: One of them is damaged; nothing was begun.
        ReleaseRefusedError: One is not tried here, or was taken back.
    """
    pointers = _admitted(platform, folder, name)
    for pointer in pointers:
        _check_finishable(platform, pointer)
    return tuple(_deployed(platform, pointer) for pointer in pointers)


def smoke_from(
    platform: Platform,
    folder: Path,
    name: str | None,
    *,
    url: str | None = None,
    full: bool = False,
    credential: Credential | None = None,
) -> tuple[SuiteReport, ...]:
    """Checks a running model API against the releases in a folder: they and nothing else are what it should serve.

    Raises:
        InvalidBundleError: One of them is damaged.
        ReleaseRefusedError: One is not signed by a key that is trusted here.
    """
    address = url or platform.connections.model_api
    shown = credential or (live_credential(platform) if url is None else None)
    budget_ms = platform.environment.serving.latency_budget_ms
    found = []
    for release in opened(platform, folder, name):
        expected = without_registry(_expected(release))
        if full:
            found.append(run_suite(address, expected, budget_ms=budget_ms, credential=shown))
        else:
            found.append(run_smoke(address, expected, credential=shown))
    return tuple(found)


def without_registry(expected: Expectation) -> Expectation:
    """The expectation as it is where the registry does not know the version."""
    return expected.sampled(None, origin=f"{OF_THE_BUNDLE}, for the registry that knows the version is elsewhere")


def deployment_without_registry(platform: Platform) -> Deployment:
    """Where bundles are deployed to; rehearsals are held against the example in the bundle."""
    return replace(deployment_of(platform), sampled=without_registry)


def _expected(release: TravellingRelease) -> Expectation:
    content = BundleContent(
        manifest=release.manifest,
        model=b"",
        signature=Signature.from_json(release.files[SIGNATURE_FILE]),
        example=Example.from_json(release.files[EXAMPLE_FILE]),
    )
    return Expectation.of(content)


def _admitted(platform: Platform, folder: Path, name: str | None) -> tuple[Pointer, ...]:
    """Pointers to the releases in a folder, once all were checked and put among this environment's bundles."""
    releases = opened(platform, folder, name)
    require_scans(releases, scanner=platform.environment.release.scanner)
    trusted = trusted_keys_of(platform.environment, platform.workspace)
    for release in releases:
        admit_release(release, Path(platform.connections.bundles), trusted)
    return tuple(release.pointer for release in releases)


def _deployed(platform: Platform, pointer: Pointer) -> DeploymentReport:
    report = deployment_without_registry(platform).deploy(pointer)
    if report.changed:
        tell_of_release(platform, report)
    return report


def _tried(platform: Platform, pointer: Pointer, trial: Trial) -> Tried:
    deployment = deployment_without_registry(platform)
    there = deployment.deployed(pointer.model)
    if there is None or there.alone() == pointer:
        return Tried(rollout=None, deployment=_deployed(platform, pointer))
    return Tried(rollout=Rollouts(deployment=deployment).begin(pointer, trial), deployment=None)


def _check_finishable(platform: Platform, pointer: Pointer) -> None:
    deployment = deployment_without_registry(platform)
    there = deployment.deployed(pointer.model)
    if there is not None and there.alone() == pointer:
        return
    if Rollouts(deployment=deployment).candidate_of(pointer.model) != pointer:
        now = "nothing" if there is None else f"version {there.version}"
        raise ReleaseRefusedError(
            f"version {pointer.version} of {pointer.model} is not tried here, so there is nothing to finish; {now} is "
            "deployed",
            hint=f"`modelyard release canary {pointer.model} --from DIR --percent P` tries it; `modelyard release "
            f"deploy {pointer.model} --from DIR` deploys it at once",
        )
    found = status(platform, pointer.model)
    if found.state == "returned":
        raise ReleaseRefusedError(
            f"version {pointer.version} of {pointer.model} was taken back: {found.reason}",
            hint=f"modelyard release back {pointer.model} --from DIR",
        )


def _promotion(platform: Platform, bundle: Bundle) -> Promotion:
    """The last decision that brought this very version to production."""
    manifest = bundle.manifest
    for entry in reversed(platform.registry().history(manifest.model)):
        said = entry.decision
        if (str(said.version), said.digest) == (manifest.version, manifest.digest):
            return Promotion(
                by=said.by,
                decided_by=said.decided_by,
                at=said.at,
                reason=said.reason,
                evidence=said.evidence,
                entry=entry.sequence,
                hash=entry.hash,
            )
    raise ReleaseRefusedError(
        f"the ledger does not say who promoted version {manifest.version} of {manifest.model}, so it does not travel",
        hint=f"modelyard model history {manifest.model}",
    )
