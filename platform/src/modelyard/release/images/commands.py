"""The builders that are commands: what each is told, and what it answers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modelyard.errors import ReleaseRefusedError, ServiceUnavailableError
from modelyard.release.images.builder import PLATFORM, BuildOrder, BuiltImage
from modelyard.release.programs import Said, run

BUILD_SECONDS = 3600.0
_INSTALL = {
    "docker": "install Docker, or set release.builder to auto",
    "buildah": "install buildah (Debian, Ubuntu, Fedora: a package of that name), or set release.builder to auto",
    "az": "install the Azure CLI and sign in: az login",
}


@dataclass(frozen=True, slots=True)
class DockerBuilder:
    """Docker on this machine."""

    registry: str | None = None
    """Login server that images are pushed to; none keeps them on this machine."""

    @property
    def name(self) -> str:
        """docker."""
        return "docker"

    def find(self, reference: str) -> BuiltImage | None:
        """What `docker image inspect` knows; where there is a registry, only what was pushed there."""
        full = _full(self.registry, reference)
        said = _run(["docker", "image", "inspect", full])
        if said.code:
            return None
        found = json.loads(said.out)[0]
        digest = _pushed(found, full) or (found["Id"] if self.registry is None else None)
        return None if digest is None else BuiltImage(reference=full, digest=digest, size_bytes=found.get("Size"))

    def build(self, order: BuildOrder) -> BuiltImage:
        """`docker build` without a network, then `docker push` where there is a registry."""
        reference = _full(self.registry, order.reference)
        command = ["docker", "build", "--network", "none", "--platform", PLATFORM, "--tag", reference]
        # BuildKit takes the time of everything in the image from this one.
        arguments = {**order.arguments, "SOURCE_DATE_EPOCH": str(order.epoch)}
        _must(_run([*command, *_rest(order, arguments)], BUILD_SECONDS), order)
        if self.registry is not None:
            _must(_run(["docker", "push", "--quiet", reference], BUILD_SECONDS), order)
        return _there(self.find(order.reference), order)


@dataclass(frozen=True, slots=True)
class BuildahBuilder:
    """buildah on this machine: no daemon, and as root no user namespace either."""

    registry: str | None = None
    """Login server that images are pushed to; none keeps them on this machine."""
    options: tuple[str, ...] = ()
    """Where it keeps images, if not where it always does: --root, --runroot."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables besides those of this process."""

    @property
    def name(self) -> str:
        """buildah."""
        return "buildah"

    def find(self, reference: str) -> BuiltImage | None:
        """What `buildah inspect` knows."""
        said = self._say("inspect", "--type", "image", self._full(reference))
        if said.code:
            return None
        found = json.loads(said.out)
        return BuiltImage(
            reference=self._full(reference),
            digest=found["FromImageDigest"],
            size_bytes=self._size(self._full(reference)),
        )

    def build(self, order: BuildOrder) -> BuiltImage:
        """`buildah bud` without a network and without a time of its own, then `buildah push` to a registry."""
        own, reference = _full("localhost", order.reference), self._full(order.reference)
        if order.base is not None:
            self._fetch(order.base)
        # In OCI's own format two builds are the same image, digest and all; in Docker's, buildah writes random names
        # into it. It has no health check, which only Docker itself would ask for: orchestrators have probes.
        command = ["bud", "--format", "oci", "--network", "none", "--pull-never", "--platform", PLATFORM]
        command += ["--timestamp", str(order.epoch), "--tag", own]
        _must(self._say(*command, *_rest(order, order.arguments), seconds=BUILD_SECONDS), order)
        if self.registry is not None:
            # Layers are compressed on the way, which makes another digest of it, and buildah goes on knowing its own.
            # So the image is taken back, under the name that counts: it stands for nothing that was not pushed.
            _must(self._say("push", own, f"docker://{reference}", seconds=BUILD_SECONDS), order)
            _must(self._say("pull", "--quiet", "--policy", "always", reference, seconds=BUILD_SECONDS), order)
        return _there(self.find(order.reference), order)

    def _fetch(self, base: str) -> None:
        if self.find(base) is not None:
            return
        said = self._say("pull", "--quiet", base, seconds=BUILD_SECONDS)
        if said.code:
            raise ServiceUnavailableError(
                f"the base image {base} could not be fetched: {said.complaint}",
                hint="is its registry reachable? --no-image, or release.builder none, goes on without an image",
            )

    def _full(self, reference: str) -> str:
        return _full(self.registry or "localhost", reference)

    def _size(self, reference: str) -> int | None:
        said = self._say("images", "--json", reference)
        listed: list[dict[str, Any]] = json.loads(said.out or "[]") if said.code == 0 else []
        return _bytes_of(str(listed[0].get("size", ""))) if listed else None

    def _say(self, *words: str, seconds: float = 300.0) -> Said:
        # Chroot works for root in a container as well, where buildah's own default needs rights that nobody has there.
        isolation = {"BUILDAH_ISOLATION": "chroot"} if os.geteuid() == 0 else {}
        variables = {**isolation, **os.environ, **self.environment}
        return _run(["buildah", *self.options, *words], seconds, environment=variables)


@dataclass(frozen=True, slots=True)
class RegistryBuilder:
    """The environment's own registry builds: the folder is sent there by `az acr build`, and the image stays there."""

    registry: str
    """Login server: NAME.azurecr.io."""

    @property
    def name(self) -> str:
        """acr."""
        return "acr"

    def find(self, reference: str) -> BuiltImage | None:
        """What the registry knows of the tag; nothing of images that lie elsewhere."""
        own = reference.removeprefix(f"{self.registry}/")
        if _full(self.registry, own) == own:
            return None
        said = show_image(self.registry, own)
        if said.code:
            return None
        found = json.loads(said.out)
        return BuiltImage(reference=_full(self.registry, own), digest=found["digest"])

    def build(self, order: BuildOrder) -> BuiltImage:
        """`az acr build`."""
        command = ["acr", "build", "--registry", short_name(self.registry), "--image", order.reference]
        command += ["--platform", PLATFORM, "--timeout", f"{BUILD_SECONDS:g}", "--only-show-errors"]
        _must(say_az(*command, *_rest(order, order.arguments), seconds=BUILD_SECONDS), order)
        return _there(self.find(order.reference), order)


def docker_runs() -> bool:
    """Whether there is a Docker that answers: the program alone, without its daemon, builds nothing."""
    if shutil.which("docker") is None:
        return False
    said = _run(["docker", "version", "--format", "{{.Server.Version}}"], 20.0)
    return said.code == 0 and bool(said.out.strip())


def say_az(*words: str, seconds: float = 300.0) -> Said:
    """What the Azure CLI says to these words.

    Raises:
        MissingToolError: It is not on this machine.
        ServiceUnavailableError: It took longer than `seconds`.
    """
    return _run(["az", *words], seconds)


def show_image(registry: str, image: str) -> Said:
    """What a registry in Azure says of an image: its digest as JSON, or why not.

    Args:
        registry: Its login server.
        image: repository:tag

    Raises:
        MissingToolError: The Azure CLI is not on this machine.
        ServiceUnavailableError: It took too long.
    """
    return say_az("acr", "repository", "show", "--name", short_name(registry), "--image", image, "--output", "json")


def short_name(registry: str) -> str:
    """What the Azure CLI calls the registry with this login server."""
    return registry.partition(".")[0]


def _run(command: Sequence[str], seconds: float = 300.0, *, environment: Mapping[str, str] | None = None) -> Said:
    return run(command, missing=_INSTALL[command[0]], seconds=seconds, environment=environment)


def _rest(order: BuildOrder, arguments: Mapping[str, str]) -> list[str]:
    given = [part for name, value in sorted(arguments.items()) for part in ("--build-arg", f"{name}={value}")]
    return ["--file", str(order.context / order.dockerfile), *given, str(order.context)]


def _must(said: Said, order: BuildOrder) -> None:
    if said.code:
        lines = [line for line in f"{said.out}\n{said.error}".splitlines() if line.strip()]
        raise ReleaseRefusedError(
            f"the image {order.reference} could not be built: {' | '.join(lines[-5:])[-800:]}",
            hint=f"everything it is built from lies in {order.context}",
        )


def _there(found: BuiltImage | None, order: BuildOrder) -> BuiltImage:
    if found is None:
        raise ReleaseRefusedError(
            f"the image {order.reference} was built, and is not there", hint="run the same command again"
        )
    return found


def _full(registry: str | None, reference: str) -> str:
    """The name with its registry. Names that have one already, as base images do, stay as they are."""
    has_one = "." in reference.split("/", maxsplit=1)[0] or reference.startswith("localhost/")
    return reference if registry is None or has_one else f"{registry}/{reference}"


def _pushed(found: Mapping[str, Any], full: str) -> str | None:
    """The digest under which a registry holds an image of this name."""
    repository = full.rpartition(":")[0]
    names = (str(name).partition("@") for name in found.get("RepoDigests") or ())
    return next((digest for name, _, digest in names if name == repository), None)


def _bytes_of(text: str) -> int | None:
    number, _, unit = text.partition(" ")
    factor = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}.get(unit.upper())
    return None if factor is None else round(float(number) * factor)
