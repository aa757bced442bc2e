"""Runtimes: the images without a model that all models share, named by a digest of everything that is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard.release.images.builder import PLATFORM, BuildOrder
from modelyard.release.images.folders import Content, write_folder
from modelyard.release.images.lock import Lock, written
from modelyard.release.images.locked import Wheels
from modelyard_bundle import sha256_of
from modelyard_bundle.seal import KEY_SUFFIX

DIGITS = 12
NO_KEYS = "README"
"""Stands among the trusted keys, so that there is a folder where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One kind of shared image."""

    repository: str
    title: str
    packages: tuple[str, ...]
    """Our own packages that go into it."""
    dockerfile: str
    """Path in the checkout."""
    extras: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    """What of the checkout goes in besides packages: folders."""
    serves: bool = False
    """Whether it serves bundles, and so has to know whose it may trust."""


SERVING = Runtime(
    repository="modelyard/model-api",
    title="Modelyard model API",
    packages=("modelyard-bundle", "modelyard-serving", "modelyard-steps"),
    dockerfile="ml/serving/Dockerfile",
    serves=True,
)
JOBS = Runtime(
    repository="modelyard/jobs",
    title="Modelyard jobs",
    packages=(
        "modelyard",
        "modelyard-bundle",
        "modelyard-pipelines",
        "modelyard-serving",
        "modelyard-steps",
        "modelyard-training",
    ),
    dockerfile="ml/training/Dockerfile",
    # Sources and purposes without code are read from the project, not from the package.
    project=(
        "environments",
        "ml/models",
        "pipelines/src/modelyard_pipelines/purposes",
        "pipelines/src/modelyard_pipelines/sources",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimePlan:
    """A shared image, ready to be built."""

    runtime: Runtime
    digest: str
    """Of everything that goes into it: base, locked wheels, our own, trusted keys, Dockerfile."""
    wheels: Wheels
    order: BuildOrder

    @property
    def short(self) -> str:
        """The first digits of the digest, as tags have them."""
        return self.digest[:DIGITS]


def plan_runtime(
    runtime: Runtime, *, root: Path, wheels: Wheels, lock: Lock, base: str, trusted_keys: Path | None, folders: Path
) -> RuntimePlan:
    """The folder and the order of a shared image.

    Args:
        runtime: Which one.
        root: The checkout.
        wheels: What is installed into it.
        lock: Where the wheels are locked.
        base: The image that it stands on.
        trusted_keys: Public keys that it trusts; none where bundles are not signed.
        folders: Where folders to build from are kept.
    """
    small: dict[str, Content] = {
        "Dockerfile": (root / runtime.dockerfile).read_bytes(),
        "requirements.txt": wheels.requirements.encode(),
        "own.txt": wheels.own_requirements.encode(),
        **(_keys(trusted_keys) if runtime.serves else {}),
        **_project(root, runtime.project),
    }
    files = {f"wheels/{one.file.name}": one.file for one in wheels.locked}
    own = {f"own/{one.file.name}": one.file for one in wheels.own}
    unsigned = runtime.serves and trusted_keys is None
    digest = _digest(small, base=base, unsigned=unsigned)
    epoch = lock.epoch(wheels.locked)
    name = runtime.repository.rpartition("/")[2]
    folder = write_folder(folders / f"{name}-{digest[:DIGITS]}", {**small, **files, **own}, epoch=epoch)
    arguments = {
        "BASE": base,
        "TITLE": runtime.title,
        "VERSION": digest[:DIGITS],
        "CREATED": written(epoch),
        "LOCK": lock.digest,
        **({"TRUSTED_KEYS": ""} if unsigned else {}),
    }
    order = BuildOrder(
        context=folder,
        dockerfile="Dockerfile",
        reference=f"{runtime.repository}:{digest[:DIGITS]}",
        base=base,
        arguments=arguments,
        epoch=epoch,
    )
    return RuntimePlan(runtime=runtime, digest=digest, wheels=wheels, order=order)


def _keys(trusted_keys: Path | None) -> dict[str, Content]:
    words = b"Public keys that the model API of this image trusts. One must have signed each bundle that it serves.\n"
    found: dict[str, Content] = {f"trusted-keys/{NO_KEYS}": words}
    for file in sorted(trusted_keys.glob(f"*{KEY_SUFFIX}")) if trusted_keys else ():
        found[f"trusted-keys/{file.name}"] = file.read_bytes()
    return found


def _project(root: Path, parts: tuple[str, ...]) -> dict[str, Content]:
    found: dict[str, Content] = {}
    for part in parts:
        for file in sorted((root / part).rglob("*")):
            if file.is_file() and not any(
                name.startswith((".", "__pycache__")) for name in file.relative_to(root).parts
            ):
                found[f"project/{file.relative_to(root).as_posix()}"] = file.read_bytes()
    return found


def _digest(small: Mapping[str, Content], *, base: str, unsigned: bool) -> str:
    """Wheels need not be looked at: requirements.txt and own.txt name the digest of each."""
    digests = {name: sha256_of(content) for name, content in small.items() if isinstance(content, bytes)}
    parts = {"base": base, "platform": PLATFORM, "unsigned": unsigned, "files": digests}
    return sha256_of(json.dumps(parts, sort_keys=True).encode())
