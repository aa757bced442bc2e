"""The manifest: what a bundle holds, where it came from, and the digest of every file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

from modelyard_bundle.documents import DIGEST, MODEL_NAME, VERSION, Fields, parse_document, render_document, shown
from modelyard_bundle.errors import BundleError
from modelyard_bundle.signature import TASKS, Task

FORMAT = "modelyard.bundle/1"
MANIFEST = "manifest.json"
MODEL_FILE = "model.skops"
SIGNATURE_FILE = "signature.json"
EXAMPLE_FILE = "example.json"
CONTENT_FILES = (MODEL_FILE, SIGNATURE_FILE, EXAMPLE_FILE)
"""What a bundle holds beside its manifest: exactly this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The record of one released model version."""

    model: str
    version: str
    """The registered version."""
    digest: str
    """SHA-256 of model.skops: the digest the registry holds for this version."""
    files: Mapping[str, str]
    """File name to SHA-256, for every file but the manifest."""
    run_id: str
    """The MLflow run that trained it."""
    data_versions: Mapping[str, int]
    """Table to Delta version."""
    commit: str
    """The code it was trained with."""
    libraries: Mapping[str, str]
    """Library to version at training."""
    task: Task
    created_at: str
    """When the version was registered, ISO 8601 in UTC. Not the time of bundling: two builds are the same bundle."""
    format: str = FORMAT

    def __post_init__(self) -> None:
        if set(self.files) != set(CONTENT_FILES):
            raise BundleError(
                f"files lists {', '.join(map(shown, sorted(self.files)))}, a bundle holds {', '.join(CONTENT_FILES)}",
                where=MANIFEST,
            )
        for name, digest in self.files.items():
            if DIGEST.fullmatch(digest) is None:
                raise BundleError(f"the digest of {name} is {shown(digest)}, not a SHA-256", where=MANIFEST)
        if self.files[MODEL_FILE] != self.digest:
            raise BundleError(f"digest and the digest of {MODEL_FILE} differ", where=MANIFEST)

    def to_json(self) -> bytes:
        """The content of `manifest.json`."""
        return render_document(asdict(self))

    @classmethod
    def from_json(cls, content: bytes, *, where: str = MANIFEST) -> Manifest:
        """The manifest in the content of `manifest.json`.

        Raises:
            BundleError: A field is missing, unknown or of the wrong form.
        """
        fields = Fields(parse_document(content, where=where), where=where)
        manifest = cls(
            format=fields.choice("format", (FORMAT,)),
            model=fields.text("model", MODEL_NAME),
            version=fields.text("version", VERSION),
            digest=fields.text("digest", DIGEST),
            files=fields.mapping("files", str),
            run_id=fields.text("run_id"),
            data_versions=fields.mapping("data_versions", int),
            commit=fields.text("commit"),
            libraries=fields.mapping("libraries", str),
            task=cast("Task", fields.choice("task", TASKS)),
            created_at=fields.text("created_at"),
        )
        fields.end()
        return manifest
