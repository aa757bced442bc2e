"""The gate between a deployment pointer and a served model: every check of a bundle, in order.

pointer → folder → listing → manifest → version → digests → signature → documents → library versions → types → load →
trees → example. Files are read once and everything after works on those bytes, so what was checked is what is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from modelyard_bundle import (
    TRUSTED_TYPES,
    BundleContent,
    BundleError,
    Limits,
    Manifest,
    Pointer,
    TrustedKeys,
    audit_model,
    bundle_folder,
    check_seal,
    installed_libraries,
    read_seal,
)
from modelyard_bundle.bundle import check_digest, check_listing, parse_content, read_file
from modelyard_bundle.manifest import CONTENT_FILES, MANIFEST
from modelyard_serving.decoding.decoder import Decoder
from modelyard_serving.loading.served import Predict, ServedModel
from modelyard_serving.loading.trees import check_trees
from modelyard_serving.refusals import PredictionFailedError, RequestRefusedError

TOLERANCE = 1e-9
"""How far a prediction may be from the recorded one, absolute and relative."""
PINNED = "scikit-learn"
"""The library whose minor versions do not read one another's models."""


@dataclass(slots=True)
class Candidate:
    """A bundle on its way through the gate; each step adds what the next one needs."""

    pointer: Pointer
    bundles: Path
    limits: Limits
    trusted_keys: Path | None = None
    """The folder of public keys that this process trusts; none where signing is off."""
    folder: Path = field(init=False)
    manifest_bytes: bytes = field(init=False)
    manifest: Manifest = field(init=False)
    seal: bytes | None = field(init=False)
    files: dict[str, bytes] = field(init=False)
    content: BundleContent = field(init=False)
    pipeline: object = field(init=False)
    model: ServedModel = field(init=False)


Step = Callable[[Candidate], None]


def find_folder(candidate: Candidate) -> None:
    """The pointer's path stays under the root of bundles and goes through no link."""
    candidate.folder = bundle_folder(candidate.bundles, candidate.pointer.bundle)


def check_files(candidate: Candidate) -> None:
    """The folder holds the files of a bundle and nothing else."""
    check_listing(candidate.folder)


def read_files(candidate: Candidate) -> None:
    """The manifest is in form, and every file is a plain file within its limit."""
    candidate.manifest_bytes = read_file(candidate.folder, MANIFEST, candidate.limits)
    candidate.manifest = Manifest.from_json(candidate.manifest_bytes)
    candidate.seal = read_seal(candidate.folder, candidate.limits)
    candidate.files = {name: read_file(candidate.folder, name, candidate.limits) for name in CONTENT_FILES}


def check_pointer(candidate: Candidate) -> None:
    """The manifest is that of the version which the pointer names."""
    pointer, manifest = candidate.pointer, candidate.manifest
    wanted = (pointer.model, pointer.version, pointer.digest)
    found = (manifest.model, manifest.version, manifest.digest)
    if wanted != found:
        raise BundleError(
            f"the pointer names {wanted[0]} {wanted[1]} ({wanted[2][:12]}…), "
            f"the bundle is {found[0]} {found[1]} ({found[2][:12]}…)"
        )


def check_digests(candidate: Candidate) -> None:
    """Every file has the digest that the manifest says."""
    for name, content in candidate.files.items():
        check_digest(candidate.manifest, name, content)


def check_signature(candidate: Candidate) -> None:
    """A key that this process trusts has signed the manifest, and with it every digest that it names."""
    if candidate.trusted_keys is not None:
        check_seal(candidate.seal, candidate.manifest_bytes, trusted=TrustedKeys(candidate.trusted_keys))


def read_documents(candidate: Candidate) -> None:
    """Signature and example are in form and speak of this model."""
    candidate.content = parse_content(candidate.manifest, candidate.files)


def check_libraries(candidate: Candidate) -> None:
    """The model was trained with the scikit-learn that is installed here, up to patches."""
    trained = candidate.manifest.libraries.get(PINNED, "unknown")
    installed = installed_libraries().get(PINNED, "none")
    if trained.split(".")[:2] != installed.split(".")[:2]:
        raise BundleError(f"trained with {PINNED} {trained}, and {installed} is installed here; train it again")


def check_types(candidate: Candidate) -> None:
    """The model is a skops file of types that the platform lists."""
    audit_model(candidate.content.model)


def load_pipeline(candidate: Candidate) -> None:
    """The model loads; skops checks the types once more in its own way."""
    # Here, since scikit-learn takes a second to import and health must be answered before.
    from skops.io import loads

    candidate.pipeline = loads(candidate.content.model, trusted=sorted(TRUSTED_TYPES))


def check_structure(candidate: Candidate) -> None:
    """No tree in it leads outside itself."""
    check_trees(candidate.pipeline)


def build_model(candidate: Candidate) -> None:
    """The pipeline becomes a model that can be asked."""
    signature = candidate.content.signature
    candidate.model = ServedModel(
        manifest=candidate.manifest,
        signature=signature,
        example=candidate.content.example,
        decoder=Decoder.compile(signature),
        predict_values=_predict_values(candidate.pipeline, signature.task),
    )


def check_example(candidate: Candidate) -> None:
    """The model says about the example rows what it said when it was trained. This also warms it."""
    model, example = candidate.model, candidate.content.example
    try:
        found = model.predict(model.decoder.frame(example.columns(), max_rows=len(example.rows))).values
    except (RequestRefusedError, PredictionFailedError) as error:
        raise BundleError(f"its own example is refused: {error}") from error
    for index, (given, recorded) in enumerate(zip(found, example.predictions, strict=True)):
        if abs(given - recorded) > TOLERANCE * max(1.0, abs(recorded)):
            raise BundleError(f"row {index} of the example gives {given!r}, recorded was {recorded!r}")


READING: tuple[Step, ...] = (
    find_folder,
    check_files,
    read_files,
    check_pointer,
    check_digests,
    check_signature,
    read_documents,
    check_libraries,
    check_types,
)
"""What is done with bytes alone: nothing of the model is built."""
LOADING: tuple[Step, ...] = (load_pipeline, check_structure, build_model)
"""The model is built from the bytes that were read."""
PROVING: tuple[Step, ...] = (check_example,)
"""The model is asked for the first time."""
GATE: tuple[Step, ...] = (*READING, *LOADING, *PROVING)


def pass_gate(
    pointer: Pointer,
    bundles: Path,
    *,
    trusted_keys: Path | None = None,
    limits: Limits | None = None,
    gate: Sequence[Step] = GATE,
) -> ServedModel:
    """The model that `pointer` names, loaded and proven.

    Args:
        pointer: What is deployed.
        bundles: The root of all bundles.
        trusted_keys: A folder of public keys, one of which must have signed the bundle. None only where the
            environment says that bundles are not signed.
        limits: How large files may be.
        gate: The checks in order.

    Raises:
        BundleError: A check refused it; the message says which and why.
    """
    candidate = Candidate(pointer=pointer, bundles=bundles, limits=limits or Limits(), trusted_keys=trusted_keys)
    go_through(candidate, gate)
    return candidate.model


def go_through(candidate: Candidate, steps: Sequence[Step]) -> None:
    """Take a bundle through some of the checks, in order.

    Raises:
        BundleError: A check refused it; the message says which and why.
    """
    for step in steps:
        try:
            step(candidate)
        except BundleError:
            raise
        except Exception as error:
            # A crafted file can make a library fail in any way; whichever it is, the bundle is refused.
            raise BundleError(f"{step.__name__} failed: {type(error).__name__}") from error


def _predict_values(pipeline: object, task: str) -> Predict:
    name = "predict_proba" if task == "binary" else "predict"
    method = getattr(pipeline, name, None)
    if not callable(method):
        raise BundleError(f"the pipeline has no {name}, which a {task} model needs")
    if task != "binary":
        return cast("Predict", method)
    classes = getattr(pipeline, "classes_", ())
    if len(classes) != 2:  # noqa: PLR2004 - binary
        raise BundleError(f"the pipeline knows {len(classes)} classes, a binary model has two")
    return lambda frame: method(frame)[:, 1]
