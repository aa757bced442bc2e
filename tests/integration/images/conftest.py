"""Real images, built by buildah from the real Dockerfiles; skipped where there is no buildah.

A registry is not needed: what stands in for python:3.11-slim-bookworm is the same Debian with its own Python, made by
debootstrap once and kept in the user's cache.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import MissingToolError
from modelyard.release.bundling import Bundle
from modelyard.release.calling import ModelApi
from modelyard.release.images.building import ImageBuilding
from modelyard.release.images.commands import BuildahBuilder
from modelyard.release.images.locked import find_uv
from modelyard.release.sealing import LocalSigner, Sealing
from modelyard.testing.release_fakes import TinyModel, train_tiny
from modelyard_bundle import write_bundle

BASE = "docker.io/library/python:3.11-slim-bookworm"
REPOSITORY = Path(__file__).resolve().parents[3]
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
# In a name space of its own: the image's file system, read-only but for /tmp, as the user that the image names.
RUN = """
root=$1; user=$2; shift 2
mount --bind "$root" "$root" && mount -o remount,ro,bind "$root" \
&& mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp" \
&& mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" \
&& exec chroot --userspec="$user" --groups="${user#*:}" "$root" /usr/bin/env -i "$@"
"""


@dataclass
class Buildah:
    """buildah with a store of its own."""

    folder: Path

    @property
    def places(self) -> tuple[str, ...]:
        return ("--root", str(self.folder / "root"), "--runroot", str(self.folder / "run"))

    @property
    def builder(self) -> BuildahBuilder:
        return BuildahBuilder(options=self.places, environment={"PATH": PATH})

    def say(self, *words: str) -> str:
        surroundings = {**os.environ, "PATH": PATH, "BUILDAH_ISOLATION": "chroot"}
        command = ["buildah", *self.places, *words]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"buildah {' '.join(words)}: {done.stderr[-2000:]}"
        return done.stdout.strip()

    def root_of(self, image: str) -> Path:
        """The file system of an image, as a container of it has it."""
        return Path(self.say("mount", self.say("from", "--pull-never", image)))

    def config_of(self, image: str) -> dict[str, Any]:
        return json.loads(self.say("inspect", "--type", "image", image))["OCIv1"]

    def close(self) -> None:
        self.say("umount", "--all")
        self.say("rm", "--all")
        shutil.rmtree(self.folder)


@dataclass
class Container:
    """What a container of an image does: its own command, user, variables and file system, which cannot be written."""

    root: Path
    config: dict[str, Any]
    log: Path
    arguments: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        variables = [*self.config["config"]["Env"], "MODELYARD_HOST=127.0.0.1", "MODELYARD_PORT=0"]
        command = self.command or (*self.config["config"]["Entrypoint"], *self.arguments)
        line = ["unshare", "--mount", "sh", "-c", RUN, "sh", str(self.root), self.config["config"]["User"]]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*line, *variables, *command], stdin=subprocess.PIPE, stdout=log, stderr=log
            )

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    @property
    def url(self) -> str:
        return self.until(lambda: self.events("listening"))[0]["address"]

    @property
    def api(self) -> ModelApi:
        return ModelApi(self.url)

    def ready(self) -> None:
        self.until(lambda: self.api.get("/v2/health/ready").status == 200)

    def until(self, condition: Callable[[], Any], *, seconds: float = 60.0) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"not so; the container said: {self.log.read_text()[-3000:]}")

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture(scope="session")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    if shutil.which("buildah", path=PATH) is None:
        pytest.skip("buildah is not installed, so no image is built here (Debian and Ubuntu: apt-get install buildah)")
    if os.geteuid() != 0:
        pytest.skip("only root can mount an image's file system and start something from it")
    try:
        find_uv(REPOSITORY / ".modelyard")
    except MissingToolError:
        pytest.skip("uv is not on PATH, so the locked wheels cannot be collected (make setup)")
    store = Buildah(tmp_path_factory.mktemp("buildah"))
    _put_base(store, _stand_in())
    yield store
    store.close()


def _stand_in() -> Path:
    """The file system that stands in for the base image."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "modelyard"
    kept = cache / "stand-in-bookworm"
    if kept.is_dir():
        return kept
    if shutil.which("debootstrap", path=PATH) is None:
        pytest.skip("debootstrap is not installed, so there is no base image without a registry")
    cache.mkdir(parents=True, exist_ok=True)
    new = cache / f".stand-in-{os.getpid()}"
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(new)]
    done = subprocess.run(command, env={**os.environ, "PATH": PATH}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        pytest.skip(f"debootstrap could not make a base image: {done.stdout[-300:]}")
    python = new / "usr" / "local" / "bin" / "python"
    python.unlink(missing_ok=True)
    python.symlink_to("../../bin/python3")
    new.rename(kept)
    return kept


def _put_base(store: Buildah, root: Path) -> None:
    container = store.say("from", "scratch")
    store.say("add", container, str(root), "/")
    store.say("config", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
    store.say("commit", "--rm", "--timestamp", "0", container, BASE)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="session")
def sealing(place: Path) -> Sealing:
    return Sealing(signer=LocalSigner(place / "key.pem"), trusted_keys=place / "trusted")


@pytest.fixture(scope="session")
def make_bundle(place: Path, sealing: Sealing) -> Callable[..., tuple[TinyModel, Bundle]]:
    """Trains, bundles and signs a tiny model."""

    def make(version: str, **options: Any) -> tuple[TinyModel, Bundle]:
        tiny = train_tiny(**options)
        manifest = tiny.manifest(version)
        seal = sealing.seal(manifest.to_json())
        folder = write_bundle(place / "bundles", manifest, files=tiny.files, seal=seal)
        return tiny, Bundle(manifest=manifest, folder=folder, changed=True)

    return make


@pytest.fixture(scope="session")
def checkout(place: Path) -> Path:
    """The checkout as it is now: two builds are compared, and somebody may edit in between."""
    root = place / "checkout"
    root.mkdir()
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(REPOSITORY / name, root / name)
    for name in ("platform", "infra", "pipelines", "ml", "environments"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return root


@pytest.fixture(scope="session")
def building(buildah: Buildah, checkout: Path, place: Path, sealing: Sealing) -> ImageBuilding:
    return ImageBuilding(
        environment="local",
        root=checkout,
        state=place / "state",
        releases=place / "releases",
        base=BASE,
        builder=buildah.builder,
        sealing=sealing,
    )


@pytest.fixture
def start(buildah: Buildah, tmp_path: Path) -> Iterator[Callable[..., Container]]:
    """Starts containers of images."""
    started: list[Container] = []

    def begin(image: str, *arguments: str, command: tuple[str, ...] = ()) -> Container:
        root, config = buildah.root_of(image), buildah.config_of(image)
        log = tmp_path / f"log{len(started)}"
        started.append(Container(root, config, log, arguments=(*arguments, "--until-stdin-closes"), command=command))
        return started[-1]

    yield begin
    for container in started:
        container.close()
