"""Progressive delivery: the staging version, or any other, is tried beside the deployed one before it replaces it."""

from __future__ import annotations

from pathlib import Path

from modelyard.composition import Platform
from modelyard.errors import InvalidBundleError, NoCandidateError, NoProductionModelError, ReleaseRefusedError
from modelyard.notify.notification import Notification
from modelyard.registry.versions import ModelVersion
from modelyard.release.deployment import DeploymentReport
from modelyard.release.rollout_lines import environment_lines
from modelyard.release.rollout_status import RolloutStatus, read_rollout
from modelyard.release.rollouts import AbortReport, RolloutReport, Rollouts, Trial
from modelyard_bundle import BundleError
from modelyard_bundle.rollout import Key, RolloutLimits
from modelyard_pipelines.release.releasing import bundle_of, deploy, deployment_of, live_credential


def canary(platform: Platform, name: str, *, percent: float, version: int | None = None) -> RolloutReport:
    """Gives the candidate a share of the requests; the model API takes it back if it does worse than its limits.

    Raises:
        NoCandidateError: nothing is in staging, and no version was named.
        ReleaseRefusedError: it cannot be tried, or failed the API test suite; what was served is served still.
    """
    return _begin(platform, name, Trial(mode="canary", percent=percent, limits=limits_of(platform)), version)


def shadow(platform: Platform, name: str, *, percent: float = 100.0, version: int | None = None) -> RolloutReport:
    """Shows the candidate a share of the requests and compares its predictions with the answers; it gives none.

    Raises:
        NoCandidateError: nothing is in staging, and no version was named.
        ReleaseRefusedError: it cannot be tried, or failed the API test suite; what was served is served still.
    """
    tolerance = platform.environment.serving.rollout.tolerance
    return _begin(platform, name, Trial(mode="shadow", percent=percent, tolerance=tolerance), version)


def ab(platform: Platform, name: str, *, percent: float, key: Key, version: int | None = None) -> RolloutReport:
    """Gives the candidate a share of the callers, each of whom gets the same version every time.

    Raises:
        NoCandidateError: nothing is in staging, and no version was named.
        ReleaseRefusedError: it cannot be tried, or failed the API test suite; what was served is served still.
    """
    return _begin(platform, name, Trial(mode="ab", percent=percent, key=key, limits=limits_of(platform)), version)


def finish(platform: Platform, name: str) -> DeploymentReport:
    """The candidate becomes the deployed version, rehearsed and smoked like any other release.

    Only what the registry has in production can be finished: a rollout shows how a version does, a promotion decides.

    Raises:
        ReleaseRefusedError: nothing is tried, the candidate was taken back, or nobody promoted it.
    """
    candidate, production = Rollouts(deployment=deployment_of(platform)).candidate_of(name), _production(platform, name)
    found = status(platform, name)
    if candidate is None:
        # Somebody finished it before, perhaps this very command.
        if production is not None and found.beside == str(production.version):
            return deploy(platform, name)
        raise ReleaseRefusedError(
            f"nothing is tried of {name}, so there is nothing to finish",
            hint=f"`modelyard release canary {name}` tries the staging version; `modelyard release deploy {name}` "
            "releases the production version at once",
        )
    if found.state == "returned":
        raise ReleaseRefusedError(
            f"version {candidate.version} of {name} was taken back: {found.reason}",
            hint=f"modelyard release abort {name}",
        )
    if production is None or (str(production.version), production.digest) != (candidate.version, candidate.digest):
        now = "nothing" if production is None else f"version {production.version}"
        raise ReleaseRefusedError(
            f"version {candidate.version} of {name} is tried, but {now} is in production in the registry",
            hint=f'decide first: modelyard model promote {name} --by "YOUR NAME" --reason "WHY"',
        )
    return deploy(platform, name)


def abort(platform: Platform, name: str) -> AbortReport:
    """The deployed version answers everything again."""
    tell_if_returned(platform, status(platform, name))
    return Rollouts(deployment=deployment_of(platform)).abort(name)


def status(platform: Platform, name: str) -> RolloutStatus:
    """How the rollout of a model goes; who is to be told of a candidate that was taken back is told once.

    Raises:
        InvalidBundleError: the deployment pointer cannot be read.
    """
    connections = platform.connections
    try:
        found = read_rollout(
            name,
            deployments=Path(connections.deployments),
            live=connections.model_api,
            credential=live_credential(platform),
        )
    except BundleError as error:
        hint = f"modelyard release deploy {name}"
        raise InvalidBundleError(f"the deployment pointer of {name} is broken: {error}", hint=hint) from error
    tell_if_returned(platform, found)
    return found


def lines_for_azure(platform: Platform, name: str, *, revision: str) -> str:
    """The rollout as an environment in Azure says it.

    Args:
        platform: Where the rollout is.
        name: The model.
        revision: The revision that the deployed version has there, as `v1-3fa9c2d1`.

    Raises:
        NoProductionModelError: nothing is deployed.
        ReleaseRefusedError: Container Apps cannot do it.
    """
    pointer = deployment_of(platform).deployed(name)
    if pointer is None:
        raise NoProductionModelError(f"nothing of {name} is deployed", hint=f"modelyard release deploy {name}")
    return environment_lines(pointer, revision=revision)


def tell_if_returned(platform: Platform, found: RolloutStatus) -> None:
    """Tells people that a candidate was taken back, once for each rollout, however often a monitor calls it."""
    if found.state != "returned" or found.rollout is None:
        return
    candidate = found.rollout.candidate
    platform.notifier.notify(
        Notification(
            kind="rollout returned",
            title=f"{found.model}: version {candidate.version} was taken back",
            what=found.reason,
            where=platform.connections.model_api,
            how_much=f"{found.rollout.title}; version {found.beside} answers everything",
            next_step=f"modelyard release rollout {found.model}",
            facts={"digest": candidate.digest, "rollout": found.rollout.id, "since": found.since or ""},
            event=f"{found.model} {found.rollout.id}",
        )
    )


def _begin(platform: Platform, name: str, trial: Trial, version: int | None) -> RolloutReport:
    bundle = bundle_of(platform, _candidate(platform, name, version))
    return Rollouts(deployment=deployment_of(platform)).begin(bundle.pointer, trial)


def _candidate(platform: Platform, name: str, version: int | None) -> ModelVersion:
    registry = platform.registry()
    if version is not None:
        return registry.version(name, version)
    staging = registry.staging(name)
    if staging is None:
        raise NoCandidateError(
            f"nothing of {name} is in staging, so there is no version to try",
            hint=f"`modelyard model stage {name}`, or name a version with --version",
        )
    return staging


def _production(platform: Platform, name: str) -> ModelVersion | None:
    return platform.registry().production(name)


def limits_of(platform: Platform) -> RolloutLimits:
    """What a candidate may do worse than the version beside it, as the environment says."""
    serving = platform.environment.serving
    return RolloutLimits(
        most_errors=serving.rollout.most_errors,
        latency_ms=serving.latency_budget_ms,
        most_slow=serving.rollout.most_slow,
        alpha=serving.rollout.alpha,
        beta=serving.rollout.beta,
        least_requests=serving.rollout.least_requests,
    )
