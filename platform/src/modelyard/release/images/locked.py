"""The wheels of an image: exactly what uv.lock names, fetched once, each with a digest that the lock knows."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import MissingToolError, ServiceUnavailableError, ServingError
from modelyard.release.programs import Said, run
from modelyard_bundle import sha256_of

PYTHON = "3.11"
"""The Python of the base image."""
PIP = "pip==26.0"
"""What fetches wheels for another machine than this one; uv cannot yet."""
PLATFORMS = ("manylinux_2_36", "manylinux_2_35", "manylinux_2_34", "manylinux_2_31", "manylinux_2_28")
OLDER_PLATFORMS = ("manylinux_2_27", "manylinux_2_17", "manylinux2014", "manylinux_2_12", "manylinux2010")
OLDEST_PLATFORMS = ("manylinux_2_5", "manylinux1")
MACHINE = "x86_64"
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_WHEEL = re.compile(r"^([^-]+)-([^-]+)-.+\.whl$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """One file that is installed into an image."""

    name: str
    """Of the distribution, normalised."""
    version: str
    file: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheels:
    """Everything that is installed into an image."""

    requirements: str
    """What the lock says, with digests, as pip reads it."""
    locked: tuple[Wheel, ...]
    own: tuple[Wheel, ...]
    """Built from this checkout."""

    @property
    def own_requirements(self) -> str:
        """Our own packages with the digests that they were built with."""
        return "".join(f"{one.name}=={one.version} --hash=sha256:{one.sha256}\n" for one in self.own)


@dataclass(frozen=True, slots=True)
class Locked:
    """The lock of a checkout, and where what was fetched for it is kept."""

    root: Path
    """The checkout, with uv.lock."""
    state: Path
    """Where Modelyard keeps things: the cache of wheels, and uv where the set-up installed it."""

    def wheels(self, packages: Sequence[str], *, extras: Sequence[str] = ()) -> Wheels:
        """The wheels of our own packages and of all that they need. The network is asked only for what is new.

        Args:
            packages: Our own packages that go into the image, all of them by name.
            extras: Extras of these packages.

        Raises:
            MissingToolError: There is no uv.
            ServiceUnavailableError: The package index does not answer.
        """
        requirements = self._export(packages, extras)
        return Wheels(requirements=requirements, locked=self._fetched(requirements), own=self._built(packages))

    def _export(self, packages: Sequence[str], extras: Sequence[str]) -> str:
        named = [part for name in packages for part in ("--package", name)]
        chosen = [part for name in extras for part in ("--extra", name)]
        said = self._uv(
            *("export", "--frozen", "--no-dev", "--no-emit-workspace", "--no-header", "--no-annotate"),
            *("--format", "requirements-txt", *named, *chosen),
        )
        if said.code:
            raise ServingError(f"uv cannot export the lock: {said.complaint}", hint="uv lock --check")
        return said.out

    def _fetched(self, requirements: str) -> tuple[Wheel, ...]:
        folder = self.state / "cache" / "wheels" / sha256_of(requirements.encode())[:16]
        if not folder.is_dir():
            self._fetch(requirements, folder)
        known = digests_in(requirements)
        wheels = tuple(wheels_in(folder))
        if foreign := [wheel.file.name for wheel in wheels if wheel.sha256 not in known.get(wheel.name, ())]:
            raise ServingError(
                f"{', '.join(foreign[:3])} in {folder} is not what uv.lock names", hint=f"rm -r {folder}"
            )
        return wheels

    def _fetch(self, requirements: str, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as temporary:
            listed = Path(temporary) / "requirements.txt"
            listed.write_text(requirements)
            target = Path(temporary) / "wheels"
            platforms = (*PLATFORMS, *OLDER_PLATFORMS, *OLDEST_PLATFORMS)
            said = self._uv(
                *("run", "--no-project", "--python", PYTHON, "--with", PIP, "python", "-m", "pip", "download"),
                *("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:", "--no-deps"),
                *("--implementation", "cp", "--python-version", PYTHON),
                *(part for name in platforms for part in ("--platform", f"{name}_{MACHINE}")),
                *("--dest", str(target), "--requirement", str(listed)),
                folder=Path(temporary),
            )
            if said.code:
                raise ServiceUnavailableError(
                    f"the locked wheels could not be fetched: {said.complaint}",
                    hint="is the package index reachable? With --no-image a release needs none of them",
                )
            if not folder.is_dir():
                target.rename(folder)

    def _built(self, packages: Sequence[str]) -> tuple[Wheel, ...]:
        folder = self.state / "cache" / "own"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as temporary:
            for name in packages:
                said = self._uv("build", "--wheel", "--quiet", "--package", name, "--out-dir", temporary)
                if said.code:
                    raise ServingError(f"the wheel of {name} could not be built: {said.complaint}", hint="make setup")
            return tuple(
                sorted((_kept(wheel, folder) for wheel in wheels_in(Path(temporary))), key=lambda one: one.name)
            )

    def _uv(self, *words: str, folder: Path | None = None) -> Said:
        # Behind a company's proxy only the system knows the certificates; uv would ask its own list.
        variables = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", **os.environ}
        # A virtual environment that happens to be active is none of this.
        variables.pop("VIRTUAL_ENV", None)
        command = [find_uv(self.state), *words]
        return run(command, missing="make setup", seconds=1800, folder=folder or self.root, environment=variables)


def find_uv(state: Path) -> str:
    """The uv on PATH, beside this Python, or where the set-up put it.

    Raises:
        MissingToolError: There is none.
    """
    beside = Path(sys.executable).parent / "uv"
    own = sorted(state.glob("tools/uv-*/bin/uv"))
    found = [shutil.which("uv"), str(beside) if beside.is_file() else None, *map(str, reversed(own))]
    for path in found:
        if path:
            return path
    raise MissingToolError("uv is not on this machine; it reads the lock", hint="make setup")


def digests_in(requirements: str) -> Mapping[str, frozenset[str]]:
    """Every digest that a list of requirements allows, by distribution."""
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in requirements.splitlines():
        if named := _REQUIREMENT.match(line):
            current = found.setdefault(normalised(named[1]), set())
        current.update(_HASH.findall(line))
    return {name: frozenset(digests) for name, digests in found.items()}


def wheels_in(folder: Path) -> Iterator[Wheel]:
    """Every wheel in a folder, by name."""
    for file in sorted(folder.glob("*.whl")):
        if named := _WHEEL.match(file.name):
            yield Wheel(name=normalised(named[1]), version=named[2], file=file, sha256=sha256_of(file.read_bytes()))


def normalised(name: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _kept(wheel: Wheel, folder: Path) -> Wheel:
    """The wheel under its digest, so that another build of the same name does not replace it."""
    target = folder / wheel.sha256[:16] / wheel.file.name
    target.parent.mkdir(exist_ok=True)
    wheel.file.replace(target)
    return Wheel(name=wheel.name, version=wheel.version, file=target, sha256=wheel.sha256)
