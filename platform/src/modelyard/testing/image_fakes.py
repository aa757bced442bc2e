"""A builder and a registry in memory, and stand-ins for programs that make images, to be put first on PATH."""

from __future__ import annotations

import hashlib
import json
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.errors import ExternalServiceError, ReleaseRefusedError
from modelyard.release.images.builder import BuildOrder, BuiltImage
from modelyard.release.images.registries import Image, RegistryPlace


@dataclass
class FakeBuilder:
    """Builds nothing, but remembers every order; the digest of an image is that of its folder and arguments."""

    images: dict[str, BuiltImage] = field(default_factory=dict)
    orders: list[BuildOrder] = field(default_factory=list)
    """Every order, in order."""
    registry: str = "registry.example"

    @property
    def name(self) -> str:
        """fake."""
        return "fake"

    def find(self, reference: str) -> BuiltImage | None:
        """What was built under this name."""
        return self.images.get(self._full(reference))

    def build(self, order: BuildOrder) -> BuiltImage:
        """Remember."""
        if not (order.context / order.dockerfile).is_file():
            raise ReleaseRefusedError(
                f"the image {order.reference} could not be built: no {order.dockerfile}",
                hint=f"look at {order.context}",
            )
        self.orders.append(order)
        digest = hashlib.sha256(json.dumps([sorted(order.arguments.items()), order.epoch]).encode())
        for file in sorted(order.context.rglob("*")):
            if file.is_file():
                digest.update(f"{file.relative_to(order.context)}\0".encode() + file.read_bytes())
        image = BuiltImage(
            reference=self._full(order.reference), digest=f"sha256:{digest.hexdigest()}", size_bytes=1000
        )
        self.images[image.reference] = image
        return image

    def _full(self, reference: str) -> str:
        return reference if "." in reference.split("/", maxsplit=1)[0] else f"{self.registry}/{reference}"


@dataclass
class FakeRegistry:
    """A registry in memory; `others` are those that it can reach, by login server."""

    server: str
    images: dict[str, str] = field(default_factory=dict)
    """repository:tag to digest."""
    others: dict[str, FakeRegistry] = field(default_factory=dict)

    def holds(self, image: Image) -> bool:
        """Whether it was pushed or taken."""
        there = self.images.get(str(image), image.digest)
        if there != image.digest:
            raise ReleaseRefusedError(
                f"in {self.server} {image} is another image: {there}, and the release names {image.digest}",
                hint="take its tag away",
            )
        return str(image) in self.images

    def take(self, image: Image, source: RegistryPlace) -> None:
        """Copy."""
        if self.holds(image):
            return
        other = self.others.get(source.server)
        if other is None or image.digest not in other.images.values():
            raise ExternalServiceError(
                f"{self.server} did not take {image} from {source.server}: manifest unknown",
                hint=f"az role assignment create --role AcrPull --assignee WHO --scope {source.resource}",
            )
        self.images[str(image)] = image.digest


_HEAD = """\
import hashlib, json, os, sys
here = os.path.dirname(os.path.abspath(sys.argv[0]))
words = sys.argv[1:]
with open(os.path.join(here, "asked"), "a") as asked:
    asked.write(json.dumps([os.path.basename(sys.argv[0]), *words]) + "\\n")
store = os.path.join(here, "images.json")
images = json.load(open(store)) if os.path.exists(store) else {}
def after(option):
    return words[words.index(option) + 1]
def digest_of(context):
    digest = hashlib.sha256(json.dumps([w for w in words if "=" in w]).encode())
    for folder, folders, files in sorted(os.walk(context)):
        for name in sorted(files):
            with open(os.path.join(folder, name), "rb") as file:
                digest.update(name.encode() + file.read())
    return "sha256:" + digest.hexdigest()
def keep(reference):
    if not os.path.exists(after("--file")):
        sys.exit("ERROR: failed to read dockerfile: no such file or directory")
    put(reference, digest_of(words[-1]))
def put(reference, digest):
    images[reference] = digest
    with open(store, "w") as file:
        json.dump(images, file)
"""

_DOCKER = """\
if words[0] == "version":
    print("28.0.0")
elif words[:2] == ["image", "inspect"]:
    if words[2] not in images:
        sys.exit("Error: No such image: " + words[2])
    pushed = images.get("pushed " + words[2])
    digests = [words[2].rpartition(":")[0] + "@" + pushed] if pushed else []
    print(json.dumps([{"Id": images[words[2]], "RepoDigests": digests, "Size": 123456}]))
elif words[0] == "build":
    keep(after("--tag"))
elif words[0] == "push":
    # What a registry holds has another digest than the image's own id.
    put("pushed " + words[-1], "sha256:" + hashlib.sha256(images[words[-1]].encode()).hexdigest())
"""

_AZ = """\
if words[:3] == ["acr", "repository", "show"]:
    found = images.get(after("--name") + "/" + after("--image"))
    if found is None:
        sys.exit("ERROR: the specified tag does not exist")
    print(json.dumps({"name": after("--image"), "digest": found}))
elif words[:2] == ["acr", "build"]:
    keep(after("--registry") + "/" + after("--image"))
elif words[:2] == ["acr", "import"]:
    repository, _, digest = after("--source").partition("@")
    there = after("--registry").rpartition("/")[2] + "/" + repository + ":"
    if not [name for name, found in images.items() if name.startswith(there) and found == digest]:
        sys.exit("ERROR: (InvalidParameters) Operation registries-import failed. manifest unknown")
    if after("--name") + "/" + after("--image") in images:
        sys.exit("ERROR: (Conflict) Tag " + after("--image") + " already exists in target registry.")
    put(after("--name") + "/" + after("--image"), digest)
"""

_UV = """\
def wheel(name, folder):
    # The content is the same for the same name, as it is for a locked wheel.
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + "-1.0.0-py3-none-any.whl"), "w") as file:
        file.write("wheel of " + name)
def digest(name):
    return hashlib.sha256(("wheel of " + name).encode()).hexdigest()
locked = json.load(open(os.path.join(here, "locked.json")))
if words[0] == "export":
    for name in locked:
        print(name.replace("_", "-") + "==1.0.0 ; sys_platform == 'linux' \\\\\\n    --hash=sha256:" + digest(name))
elif words[0] == "run":
    for name in locked:
        wheel(name, after("--dest"))
elif words[0] == "build":
    wheel(after("--package").replace("-", "_"), after("--out-dir"))
"""


@dataclass(frozen=True, slots=True)
class FakePrograms:
    """Stand-ins for docker, az and uv in one folder."""

    folder: Path

    def docker(self) -> None:
        """A Docker that keeps a digest for each image."""
        self._put("docker", _HEAD + _DOCKER)

    def az(self) -> None:
        """An Azure CLI whose registries build, and take images from each other."""
        self._put("az", _HEAD + _AZ)

    def push(self, registry: str, image: Image) -> None:
        """Puts an image into one of the registries that `az` knows, by its short name."""
        store = self.folder / "images.json"
        images = json.loads(store.read_text()) if store.is_file() else {}
        store.write_text(json.dumps({**images, f"{registry}/{image}": image.digest}))

    def uv(self, *locked: str) -> None:
        """A uv with these distributions in its lock, each of version 1.0.0 and with a wheel of a few bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "locked.json").write_text(json.dumps(locked))
        self._put("uv", _HEAD + _UV)

    def broken(self, name: str, *, says: str, code: int = 1) -> None:
        """A program that only complains."""
        self._put(name, f"import sys\nprint({says!r}, file=sys.stderr)\nsys.exit({code})\n")

    @property
    def asked(self) -> list[list[str]]:
        """Every command that was given to one of them, in order."""
        file = self.folder / "asked"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []

    def _put(self, name: str, script: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        program = self.folder / name
        program.write_text(f"#!{sys.executable}\n{textwrap.dedent(script)}")
        program.chmod(0o755)
