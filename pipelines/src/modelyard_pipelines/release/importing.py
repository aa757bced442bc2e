"""Images that travel: from the registry where a release was built into the one that an environment pulls from.

It opens no platform: all it needs is the release, the keys that are trusted here, and the environments' files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ExternalServiceError, ReleaseRefusedError
from modelyard.release.images.registries import AzureRegistry, Image, ImageRegistry, RegistryPlace, image_named
from modelyard.release.signers import trusted_keys_of
from modelyard.release.travelling.finding import open_releases
from modelyard.release.travelling.record import ReleaseRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one release's image."""

    model: str
    version: str
    image: str | None
    """repository:tag@sha256:… in the environment's registry; none where it has no registry."""
    registry: str | None
    """Its login server."""
    source: str | None
    """The registry that it came from."""
    changed: bool
    """Whether it had to be fetched."""

    def to_document(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Journey:
    record: ReleaseRecord
    image: Image
    source: RegistryPlace


def import_from(
    workspace: Workspace,
    environment: Environment,
    folder: Path,
    name: str | None,
    *,
    open_registry: Callable[[RegistryPlace], ImageRegistry] = AzureRegistry,
) -> tuple[Imported, ...]:
    """Brings the images of releases into an environment's own registry; what is there already stays as it is.

    Args:
        workspace: Where the environments' files and the trusted keys are.
        environment: Whose registry is meant.
        folder: A release, or folders of releases, as a pipeline's artifacts come.
        name: Only this model's; all if not given.
        open_registry: How a registry is reached.

    Raises:
        InvalidBundleError: There is no release, or one is damaged; nothing was begun.
        ReleaseRefusedError: One is not signed by a key that is trusted here, or has no image that can travel, and
            nothing was begun; or its tag is another image here.
        ExternalServiceError: The registry did not take one.
        MissingToolError: The Azure CLI is not on this machine.
    """
    releases = open_releases(folder, name, trusted_keys=trusted_keys_of(environment, workspace))
    place = RegistryPlace.of(environment)
    if place is None:
        return tuple(_nowhere(one.record) for one in releases)
    journeys = [_journey(one.record, workspace) for one in releases]
    registry = open_registry(place)
    return tuple(_bring(journey, registry, place) for journey in journeys)


def _nowhere(record: ReleaseRecord) -> Imported:
    return Imported(model=record.model, version=record.version, image=None, registry=None, source=None, changed=False)


def _bring(journey: _Journey, registry: ImageRegistry, place: RegistryPlace) -> Imported:
    there = registry.holds(journey.image)
    if not there:
        registry.take(journey.image, journey.source)
        if not registry.holds(journey.image):
            raise ExternalServiceError(
                f"{place.server} took {journey.image}, and does not hold it", hint="run the same command again"
            )
    return Imported(
        model=journey.record.model,
        version=journey.record.version,
        image=f"{journey.image}@{journey.image.digest}",
        registry=place.server,
        source=journey.source.server,
        changed=not there,
    )


def _journey(record: ReleaseRecord, workspace: Workspace) -> _Journey:
    """Where an image comes from. The signed record names the environment; that one's file says which registry."""
    if record.image is None or record.image_digest is None:
        raise ReleaseRefusedError(
            f"the release of {record.model} version {record.version} has no image: nothing built one",
            hint=f"build it where something builds images (release.builder): modelyard release build {record.model} "
            "--out DIR",
        )
    server, image = image_named(record.image, record.image_digest)
    source = RegistryPlace.of(load_environment(workspace, record.built_in))
    if source is None or source.server != server:
        own = "has no registry" if source is None else f"has its registry at {source.server}"
        raise ReleaseRefusedError(
            f"the release of {record.model} version {record.version} was built in {record.built_in} and has its image "
            f"at {server}; environment {record.built_in} {own}",
            hint=f"was environments/{record.built_in}.yaml changed? Build it anew there: modelyard release build "
            f"{record.model} --out DIR",
        )
    return _Journey(record=record, image=image, source=source)
