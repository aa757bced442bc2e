"""Attacks on the files of a bundle by somebody who can write them, but has no key."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

from modelyard.testing.hostile.payloads import pickled
from modelyard.testing.hostile.place import Place
from modelyard_bundle import Limits
from modelyard_bundle.manifest import EXAMPLE_FILE, MANIFEST, MODEL_FILE, SIGNATURE_FILE
from modelyard_bundle.seal import SEAL_FILE

Attack = tuple[str, Callable[[Place], None]]


def _link_to_the_same_bytes(place: Place) -> None:
    shutil.move(place.folder / MODEL_FILE, place.root / "elsewhere")
    (place.folder / MODEL_FILE).symlink_to(place.root / "elsewhere")


def _link_to_the_system(place: Place) -> None:
    (place.folder / EXAMPLE_FILE).unlink()
    (place.folder / EXAMPLE_FILE).symlink_to("/etc/passwd")


def _pipe(place: Place) -> None:
    (place.folder / EXAMPLE_FILE).unlink()
    os.mkfifo(place.folder / EXAMPLE_FILE)


def _folder(place: Place) -> None:
    (place.folder / MODEL_FILE).unlink()
    (place.folder / MODEL_FILE).mkdir()


def _huge(name: str, size: int) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        # Sparse: it takes no room on the disk, and would take all memory.
        os.truncate(place.folder / name, size)

    return spoil


def _rename(old: str, new: str) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        (place.folder / old).rename(place.folder / new)

    return spoil


def _in_another_case(place: Place) -> None:
    (place.folder / "Manifest.JSON").write_bytes(place.read(MANIFEST))


def _lone_file(name: str) -> Callable[[Place], None]:
    return lambda place: place.write(name, pickled(place))


def _inner_folder(place: Place) -> None:
    (place.folder / "trusted-keys").mkdir()


def _manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Place], None]:
    return lambda place: place.edit_manifest(change, signed=False)


def _insert(old: bytes, new: bytes) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        content = place.read(MANIFEST)
        if old not in content:
            raise AssertionError(f"the manifest holds no {old!r}")
        place.write_manifest(content.replace(old, new, 1))

    return spoil


_LIMITS = Limits()
ATTACKS: dict[str, Attack] = {
    "a flipped bit in the model": (f"{MODEL_FILE} has the digest", lambda place: place.flip(MODEL_FILE)),
    "a flipped bit at the model's end": (f"{MODEL_FILE} has", lambda place: place.flip(MODEL_FILE, at=0.99)),
    "a flipped bit in the signature": (f"{SIGNATURE_FILE} has", lambda place: place.flip(SIGNATURE_FILE)),
    "a flipped bit in the example": (f"{EXAMPLE_FILE} has", lambda place: place.flip(EXAMPLE_FILE)),
    "a space more in the example": (
        f"{EXAMPLE_FILE} has",
        lambda place: place.write(EXAMPLE_FILE, b" " + place.read(EXAMPLE_FILE)),
    ),
    "a pickle beside the model": ("not part of a bundle", _lone_file("model.pkl")),
    "a hidden file": ("not part of a bundle", _lone_file(".model.pkl")),
    "a module that Python would run at its start": ("not part of a bundle", _lone_file("sitecustomize.py")),
    "a folder with keys of its own": ("not part of a bundle", _inner_folder),
    "a second manifest in another case": ("not part of a bundle", _in_another_case),
    "a model under a name that only looks right": (
        "not part of a bundle",
        _rename(MODEL_FILE, "mоdel.skops"),  # noqa: RUF001 - a Cyrillic letter is the attack
    ),
    "a missing example": ("is missing", lambda place: (place.folder / EXAMPLE_FILE).unlink()),
    "a missing manifest": ("is missing", lambda place: (place.folder / MANIFEST).unlink()),
    "a link to the same bytes": ("not a plain file", _link_to_the_same_bytes),
    "a link to a file of the system": ("not a plain file", _link_to_the_system),
    "a pipe that never ends": ("not a plain file", _pipe),
    "a folder in place of a file": ("not a plain file", _folder),
    "a huge manifest": ("larger than", _huge(MANIFEST, _LIMITS.manifest + 1)),
    "a huge seal": ("larger than", _huge(SEAL_FILE, 2 * _LIMITS.manifest + 1)),
    "a huge model": ("larger than", _huge(MODEL_FILE, 1 << 40)),
    "a huge example": ("larger than", _huge(EXAMPLE_FILE, _LIMITS.document + 1)),
    "a manifest that lists trusted types": (
        "unknown field",
        _manifest(lambda document: document.update(trusted_types=["os.system"])),
    ),
    "a manifest that brings its own key": (
        "unknown field",
        _manifest(lambda document: document.update(public_key="-----BEGIN PUBLIC KEY-----")),
    ),
    "a manifest that says it needs no check": (
        "unknown field",
        _manifest(lambda document: document.update(verified=True)),
    ),
    "a manifest of a format to come": (
        "format is",
        _manifest(lambda document: document.update(format="modelyard.bundle/2")),
    ),
    "a manifest with a file above": (
        "a bundle holds",
        _manifest(lambda document: document["files"].update({"../../../etc/passwd": "0" * 64})),
    ),
    "a manifest with a whole path": (
        "a bundle holds",
        _manifest(lambda document: document["files"].update({"/etc/passwd": document["files"].pop(EXAMPLE_FILE)})),
    ),
    "a manifest with fewer files": (
        "a bundle holds",
        _manifest(lambda document: document["files"].pop(EXAMPLE_FILE)),
    ),
    "a manifest with two digests of the model": (
        "differ",
        _manifest(lambda document: document.update(digest="0" * 64)),
    ),
    "a manifest that says a key twice": ("appears twice", _insert(b'"model":', b'"model": "evil", "model":')),
    "a manifest with a number that is none": ("not a JSON number", _insert(b'"run_id":', b'"x": NaN, "run_id":')),
    "a manifest with a number beyond all": ("not a JSON number", _insert(b'"run_id":', b'"x": 1e999, "run_id":')),
    "a manifest with a number without end": (
        "not a JSON document",
        _insert(b'"run_id":', b'"x": ' + b"1" * 10_000 + b', "run_id":'),
    ),
    "a manifest with half a character": (
        "not a JSON document",
        _insert(b'"run_id": "', b'"run_id": "\\ud800'),
    ),
    "a manifest with lists in lists in lists": (
        "not a JSON document",
        lambda place: place.write_manifest(b"[" * 200_000 + b"]" * 200_000),
    ),
    "a manifest in another encoding": (
        "not a JSON document",
        lambda place: place.write_manifest(place.read(MANIFEST).decode().encode("utf-16")),
    ),
    "a manifest behind a mark": (
        "not a JSON document",
        lambda place: place.write_manifest(b"\xef\xbb\xbf" + place.read(MANIFEST)),
    ),
    "a manifest that is a pickle": (
        "not a JSON document",
        lambda place: place.write_manifest(pickled(place)),
    ),
    "a manifest of another model": (
        "the pointer names",
        lambda place: place.edit_manifest(lambda document: document.update(model="other")),
    ),
}
