"""Registries of images, and how an image gets from one to another: the same manifest, and so the same digest.

Nothing is built or pulled here. An Azure registry fetches the image itself; the caller's rights at both ends decide.
Source: Microsoft Learn, "Import container images to a container registry".
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Protocol

from modelyard.environment.models import Environment
from modelyard.errors import ExternalServiceError, ReleaseRefusedError
from modelyard.release.images.commands import say_az, short_name, show_image

IMPORT_SECONDS = 1800.0
_NAME = re.compile(
    r"(?P<registry>[a-z0-9.-]+(:[0-9]+)?)/(?P<repository>[a-z0-9]+([._/-]+[a-z0-9]+)*):(?P<tag>\w[\w.-]*)"
)
_NOT_THERE = ("does not exist", "not found", "MANIFEST_UNKNOWN", "NAME_UNKNOWN")
"""What `az` says of an image that is not there. Everything else it complains about is no answer."""
DOMAIN = "azurecr.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image, wherever it lies."""

    repository: str
    tag: str
    digest: str
    """sha256:…"""

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPlace:
    """Which registry is meant."""

    environment: str
    """Whose it is."""
    server: str
    """Login server: NAME.azurecr.io."""
    resource: str
    """Its id in Azure, which names it across subscriptions too."""

    @classmethod
    def of(cls, environment: Environment) -> RegistryPlace | None:
        """The registry that the environment's file leads to, whether it is there or not; none outside of Azure."""
        if environment.azure is None:
            return None
        name = environment.azure_name("registry")
        group = environment.azure_name("resource group")
        scope = f"/subscriptions/{environment.azure.subscription_id}/resourceGroups/{group}"
        return cls(
            environment=environment.name,
            server=f"{name}.{DOMAIN}",
            resource=f"{scope}/providers/Microsoft.ContainerRegistry/registries/{name}",
        )


class ImageRegistry(Protocol):
    """Keeps images, and takes them from other registries."""

    def holds(self, image: Image) -> bool:
        """Whether the image is there, under its tag and with its digest.

        Raises:
            ReleaseRefusedError: Another image has that tag.
            ExternalServiceError: The registry does not say.
        """
        ...

    def take(self, image: Image, source: RegistryPlace) -> None:
        """Fetches an image from another registry and gives it its tag.

        Raises:
            ReleaseRefusedError: Another image has that tag.
            ExternalServiceError: The registry does not take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class AzureRegistry:
    """A registry in Azure, by `az acr`."""

    place: RegistryPlace

    def holds(self, image: Image) -> bool:
        """`az acr repository show`."""
        said = show_image(self.place.server, str(image))
        if said.code == 0:
            return _same(image, json.loads(said.out)["digest"], self.place)
        if any(words in said.complaint for words in _NOT_THERE):
            return False
        raise ExternalServiceError(
            f"{self.place.server} does not say whether it holds {image}: {said.complaint}",
            hint=f"is it there, and reachable from here? `modelyard doctor {self.place.environment}` looks",
        )

    def take(self, image: Image, source: RegistryPlace) -> None:
        """`az acr import`, by digest: what the tag means at the source does not matter."""
        command = ["acr", "import", "--name", short_name(self.place.server), "--registry", source.resource]
        command += ["--source", f"{image.repository}@{image.digest}", "--image", str(image), "--only-show-errors"]
        said = say_az(*command, seconds=IMPORT_SECONDS)
        # Somebody else may have brought the same image meanwhile: what counts is that it is there.
        if said.code and not self.holds(image):
            raise ExternalServiceError(
                f"{self.place.server} did not take {image} from {source.server}: {said.complaint}",
                hint="whoever asks needs the role Container Registry Data Importer and Data Reader here and AcrPull "
                f"there: az role assignment create --role AcrPull --assignee WHO --scope {source.resource}",
            )


def image_named(reference: str, digest: str) -> tuple[str, Image]:
    """The registry (login server) in the full name of an image, and the image.

    Args:
        reference: registry/repository:tag
        digest: sha256:…

    Raises:
        ReleaseRefusedError: It is no such name: an image without a registry is on one machine only.
    """
    found = _NAME.fullmatch(reference)
    if found is None or not ({".", ":"} & set(found["registry"]) or found["registry"] == "localhost"):
        raise ReleaseRefusedError(
            f"the image {reference!r} is in no registry, so no other one can take it; allowed: REGISTRY/REPOSITORY:TAG",
            hint="build it where there is a registry: release.builder acr, docker or buildah, in an environment in "
            "Azure; then modelyard release build NAME --out DIR",
        )
    return found["registry"], Image(repository=found["repository"], tag=found["tag"], digest=digest)


def _same(image: Image, digest: str, place: RegistryPlace) -> bool:
    if digest != image.digest:
        raise ReleaseRefusedError(
            f"in {place.server} {image} is another image: {digest}, and the release names {image.digest}",
            hint=f"who pushed it? `az acr repository untag --name {short_name(place.server)} --image {image}` takes "
            "the tag away; then run the same command again",
        )
    return True
