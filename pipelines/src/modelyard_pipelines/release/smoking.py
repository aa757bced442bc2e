"""A running model API held against what it should serve, wherever it runs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from modelyard.composition import Platform
from modelyard.errors import InvalidBundleError, InvalidModelError, ModelApiUnreachableError, NoProductionModelError
from modelyard.registry.versions import EXAMPLE_FILE, SIGNATURE_FILE, ModelVersion
from modelyard.release.calling import ModelApi
from modelyard.release.credential import Credential
from modelyard.release.expectation import Expectation
from modelyard.release.report import SuiteReport
from modelyard.release.suite import run_smoke, run_suite
from modelyard_bundle import BundleError, Example, Pointer, Signature, bundle_folder, read_bundle, read_pointer
from modelyard_pipelines.release.releasing import live_credential
from modelyard_pipelines.release.sampling import with_sample


def smoke(
    platform: Platform,
    name: str,
    url: str | None = None,
    *,
    version: int | None = None,
    full: bool = False,
    credential: Credential | None = None,
) -> SuiteReport:
    """Checks a running model API against what it should serve. While another version is tried there, both may answer.

    Args:
        platform: The environment.
        name: The model.
        url: Where it runs; the environment's own model API if not given.
        version: Which version of the registry it should serve. If not given, it is the deployed one; where nothing is
            deployed and a URL is given, the production version.
        full: The whole suite that gates a release, not only what leaves no trace in error counters.
        credential: What lets the suite in; for the environment's own API, what releases use.

    Raises:
        NoProductionModelError: it is not known what the API should serve.
        InvalidBundleError: what is deployed is damaged.
        ModelNotFoundError: there is no such version.
    """
    expected = _expected(platform, name, version, elsewhere=url is not None)
    shown = credential or (live_credential(platform) if url is None else None)
    address = url or platform.connections.model_api
    if not full:
        return run_smoke(address, expected, credential=shown, beside=True)
    budget_ms = platform.environment.serving.latency_budget_ms
    return run_suite(address, with_sample(platform, expected), budget_ms=budget_ms, credential=shown, beside=True)


def served_models(url: str, credential: Credential | None = None) -> tuple[str, ...]:
    """The models that an address says it serves.

    Raises:
        ModelApiUnreachableError: Nobody answers, or not as a model API does, or it lets nobody in who has no key.
    """
    answer = ModelApi(url, credential=credential).get("/v2")
    document = answer.json()
    found = document.get("models") if isinstance(document, dict) else None
    if not isinstance(found, list):
        said = f"status {answer.status}" if answer.fault is None else answer.fault.message
        raise ModelApiUnreachableError(
            f"{url} does not say which models it serves: {said}",
            hint="name it with --model NAME; if a key is needed, --key-variable NAME",
        )
    return tuple(str(model["name"]) for model in found)


def _expected(platform: Platform, name: str, version: int | None, *, elsewhere: bool) -> Expectation:
    if version is not None:
        return _registered(platform, platform.registry().version(name, version))
    pointer = read_pointer(Path(platform.connections.deployments), name)
    if pointer is not None:
        return _deployed(Path(platform.connections.bundles), pointer)
    production = platform.registry().production(name) if elsewhere else None
    if production is None:
        raise NoProductionModelError(
            f"nothing of {name} is deployed" + (", and nothing is in production" if elsewhere else ""),
            hint=f"modelyard release deploy {name}"
            + (", or say what it should be with --version" if elsewhere else ""),
        )
    return _registered(platform, production)


def _deployed(bundles: Path, pointer: Pointer) -> Expectation:
    try:
        return Expectation.of(read_bundle(bundle_folder(bundles, pointer.bundle)))
    except BundleError as error:
        hint = f"modelyard release deploy {pointer.model}"
        raise InvalidBundleError(f"the deployed bundle {pointer.bundle} is damaged: {error}", hint=hint) from error


def _registered(platform: Platform, version: ModelVersion) -> Expectation:
    with TemporaryDirectory(prefix="modelyard-") as folder:
        place = platform.registry().download(version.model, version.version, Path(folder) / "version")
        try:
            signature = Signature.from_json((place / SIGNATURE_FILE).read_bytes())
            example = Example.from_json((place / EXAMPLE_FILE).read_bytes())
            example.check(signature)
        except (OSError, BundleError) as error:
            raise InvalidModelError(
                f"version {version.version} of {version.model} lacks what the suite needs: {error}",
                hint=f"modelyard model train {version.model}",
            ) from error
    return Expectation(version=str(version.version), digest=version.digest, signature=signature, example=example)
