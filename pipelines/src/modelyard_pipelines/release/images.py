"""A production version becomes an image: with whatever the environment builds with, or without any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from modelyard.composition import Platform
from modelyard.release.bundling import Bundle
from modelyard.release.images.building import ImageBuilding, ImageReport
from modelyard.release.images.choosing import builder_of
from modelyard.release.signers import sealing_of


def building_of(platform: Platform, note: Callable[[str], None]) -> ImageBuilding:
    """Everything that images of this environment are made with; `note` is told what is going on."""
    environment = platform.environment
    return ImageBuilding(
        environment=environment.name,
        root=platform.workspace.root,
        state=platform.workspace.state,
        releases=Path(platform.connections.bundles).parent / "releases",
        base=environment.release.base_image,
        builder=builder_of(environment, platform.connections.images),
        sealing=sealing_of(environment, platform.workspace),
        note=note,
    )


def build_image(platform: Platform, bundle: Bundle, *, note: Callable[[str], None]) -> ImageReport:
    """The image of a bundle and its papers; an image that is there is kept.

    Raises:
        ReleaseRefusedError: The image could not be built.
        ServiceUnavailableError: The locked wheels could not be fetched.
    """
    return building_of(platform, note).release(bundle)


def without_a_builder(report: ImageReport) -> str:
    """What people are told where nothing builds images."""
    return (
        "no image was built: nothing on this machine builds one. Install Docker or buildah and run the same command "
        f"again, or build it elsewhere from {report.runtime_context} and then {report.context}"
    )
