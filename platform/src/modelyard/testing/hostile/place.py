"""A folder with one sound, signed bundle and the pointer to it, to be spoilt."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from modelyard.release.sealing import LocalSigner, Sealing, Signer, sign_envelope
from modelyard.testing.release_fakes import TinyModel, train_tiny
from modelyard_bundle import Pointer, replace_pointer, sha256_of, write_bundle
from modelyard_bundle.documents import render_document
from modelyard_bundle.manifest import MANIFEST, MODEL_FILE
from modelyard_bundle.pointer import pointer_path
from modelyard_bundle.seal import PAYLOAD_TYPE, SEAL_FILE

MODEL = "tiny"


@dataclass(slots=True)
class Place:
    """One deployed bundle, and what an attacker can do to it."""

    root: Path
    tiny: TinyModel
    sealing: Sealing
    """The platform's own: what it signs is trusted."""
    version: str = "1"
    pointer: Pointer = field(init=False)

    def __post_init__(self) -> None:
        self.pointer = Pointer.to(MODEL, self.version, digest=self.tiny.digest)
        self.put(self.tiny)

    @property
    def bundles(self) -> Path:
        """The root of all bundles."""
        return self.root / "bundles"

    @property
    def deployments(self) -> Path:
        """The folder of pointers."""
        return self.root / "deployments"

    @property
    def folder(self) -> Path:
        """The bundle."""
        return self.bundles / self.pointer.bundle

    @property
    def canary(self) -> Path:
        """A file that is only there if code of a bundle ran."""
        return self.root / "canary"

    @property
    def command(self) -> str:
        """What a payload wants to run."""
        return f"touch {self.canary}"

    @property
    def attacker(self) -> Signer:
        """A signer of the attacker's own, whom nobody trusts."""
        return LocalSigner(self.root / "attacker.pem")

    def put(self, tiny: TinyModel, **changes: Any) -> None:  # noqa: ANN401 - any field of a manifest
        """Deploy another model in place of this one, in every way properly: digests, signature, pointer."""
        self.put_files(tiny.files, **changes)

    def put_files(self, files: Mapping[str, bytes], **changes: Any) -> None:  # noqa: ANN401 - any field of a manifest
        """Deploy these files as somebody would who may sign: only what they hold is wrong."""
        digest = sha256_of(files[MODEL_FILE])
        digests = {name: sha256_of(content) for name, content in files.items()}
        manifest = replace(self.tiny.manifest(self.version, digest=digest, files=digests), **changes)
        shutil.rmtree(self.bundles, ignore_errors=True)
        write_bundle(self.bundles, manifest, files=files, seal=self.sealing.seal(manifest.to_json()))
        self.pointer = Pointer.to(manifest.model, manifest.version, digest=manifest.digest)
        replace_pointer(self.deployments, self.pointer)

    def put_model(self, content: bytes) -> None:
        """Deploy another model.skops, properly."""
        self.put_files({**self.tiny.files, MODEL_FILE: content})

    def write(self, name: str, content: bytes) -> None:
        """Overwrite a file of the bundle, and nothing else."""
        (self.folder / name).write_bytes(content)

    def read(self, name: str) -> bytes:
        """A file of the bundle."""
        return (self.folder / name).read_bytes()

    def flip(self, name: str, *, at: float = 0.5) -> None:
        """Flip one bit of a file, that far into it."""
        content = bytearray(self.read(name))
        content[int(len(content) * at)] ^= 1
        self.write(name, bytes(content))

    def edit_manifest(self, change: Callable[[dict[str, Any]], object], *, signed: bool = True) -> None:
        """Change the manifest's JSON, and sign it again unless told otherwise."""
        document = json.loads(self.read(MANIFEST))
        change(document)
        self.write_manifest(render_document(document), signed=signed)

    def write_manifest(self, content: bytes, *, signed: bool = True) -> None:
        """Put any bytes in place of the manifest, and sign them unless told otherwise."""
        self.write(MANIFEST, content)
        if signed:
            self.write(SEAL_FILE, self.sealing.seal(content))

    def edit_seal(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the envelope's JSON."""
        document = json.loads(self.read(SEAL_FILE))
        change(document)
        self.write(SEAL_FILE, render_document(document))

    def sign_as(self, signer: Signer, *, payload: bytes | None = None, payload_type: str = PAYLOAD_TYPE) -> None:
        """Sign the manifest, or another payload, by somebody."""
        content = self.read(MANIFEST) if payload is None else payload
        self.write(SEAL_FILE, sign_envelope(signer, content, payload_type=payload_type))

    def write_pointer(self, **changes: Any) -> None:  # noqa: ANN401 - JSON
        """Put a pointer there that no honest program would write."""
        document = {**json.loads(self.pointer.to_json()), **changes}
        pointer_path(self.deployments, MODEL).write_bytes(json.dumps(document).encode())


def prepare(root: Path) -> Place:
    """A sound, signed, deployed bundle in `root`."""
    root.mkdir(parents=True, exist_ok=True)
    sealing = Sealing(signer=LocalSigner(root / "key.pem"), trusted_keys=root / "trusted")
    return Place(root, trained(), sealing)


@cache
def trained(estimator: str = "linear", task: str = "binary", name: str = MODEL) -> TinyModel:
    """A small model of each kind, trained once."""
    return train_tiny(estimator=estimator, task=task, name=name)  # type: ignore[arg-type]  # texts from a table of cases
