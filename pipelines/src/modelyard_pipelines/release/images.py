"""A production version becomes an image: with whatever the environment builds with, or without any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modelyard.composition import Platform
from modelyard.release.bundling import Bundle
from modelyard.release.images.builder import BuiltImage
from modelyard.release.images.building import ImageBuilding, ImageReport
from modelyard.release.images.choosing import builder_of
from modelyard.release.images.runtimes import JOBS
from modelyard.release.signers import sealing_of

NO_BUILDER = (
    "no image was built: nothing on this machine builds one. Install Docker or buildah and run the same command again, "
    "or build it elsewhere from the context above"
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsReport:
    """The image of the jobs."""

    reference: str
    """What it is called."""
    image: BuiltImage | None
    """None where nothing builds images."""
    context: Path
    """The folder that it is built from."""


def build_jobs(platform: Platform, *, note: Callable[[str], None]) -> JobsReport:
    """The image of the jobs; one of the same lock and checkout is kept.

    Raises:
        ReleaseRefusedError: The image could not be built.
        ServiceUnavailableError: The locked wheels could not be fetched.
    """
    building = building_of(platform, note)
    plan = building.plan(JOBS)
    image = building.build_runtime(plan)
    reference = plan.order.reference if image is None else image.reference
    return JobsReport(reference=reference, image=image, context=plan.order.context)
