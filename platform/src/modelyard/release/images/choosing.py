"""Which builder an environment has."""

from __future__ import annotations

import shutil

from modelyard.environment.models import Environment
from modelyard.errors import ConfigurationError
from modelyard.release.images.builder import Builder
from modelyard.release.images.commands import BuildahBuilder, DockerBuilder, RegistryBuilder, docker_runs


def builder_of(environment: Environment, registry: str | None) -> Builder | None:
    """What builds images in this environment; none where nothing does.

    Args:
        environment: Its settings.
        registry: Login server of its registry, as its connections say; none where it has none.

    Raises:
        ConfigurationError: The registry is to build, and there is none.
    """
    wanted: str = environment.release.builder
    if wanted == "auto":
        wanted = "acr" if environment.kind == "azure" else _found()
    if wanted == "none":
        return None
    if wanted == "docker":
        return DockerBuilder(registry)
    if wanted == "buildah":
        return BuildahBuilder(registry)
    if registry is None:
        raise ConfigurationError(
            f"environment {environment.name} has no container registry that could build",
            hint=f"`modelyard infra up {environment.name}` makes it; or set release.builder to docker or buildah",
        )
    return RegistryBuilder(registry)


def _found() -> str:
    if docker_runs():
        return "docker"
    return "none" if shutil.which("buildah") is None else "buildah"
