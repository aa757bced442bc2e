"""Attacks through the deployment pointer: where it leads, and what else it says."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from modelyard.testing.hostile.place import Place, trained
from modelyard_bundle import Pointer
from modelyard_bundle.pointer import pointer_path

Attack = tuple[str, Callable[[Place], None]]


def _link_the_bundle(place: Place) -> None:
    shutil.move(place.folder, place.root / "elsewhere")
    place.folder.symlink_to(place.root / "elsewhere")


def _link_the_model(place: Place) -> None:
    shutil.move(place.folder.parent, place.root / "elsewhere")
    place.folder.parent.symlink_to(place.root / "elsewhere")


def _put_another_model_there(place: Place) -> None:
    """A whole, sound, signed bundle of another version, where the pointer leads."""
    wanted = place.folder
    other = Place(place.root / "other", trained("forest"), place.sealing)
    shutil.rmtree(wanted)
    shutil.copytree(other.folder, wanted)


def _flood(place: Place) -> None:
    pointer_path(place.deployments, place.pointer.model).write_bytes(b" " * (17 * 1024))


def _name_another_version(place: Place) -> None:
    pointer = Pointer.to(place.pointer.model, "2", digest=place.pointer.digest)
    shutil.move(place.folder, place.bundles / pointer.bundle)
    place.write_pointer(version="2", bundle=pointer.bundle)


ATTACKS: dict[str, Attack] = {
    "a pointer to a folder above": ("bundle is", lambda place: place.write_pointer(bundle="../../etc")),
    "a pointer to a folder above, behind a right beginning": (
        "bundle is",
        lambda place: place.write_pointer(bundle=f"{place.pointer.bundle}/../../../etc"),
    ),
    "a pointer to a whole path": ("bundle is", lambda place: place.write_pointer(bundle="/etc/passwd")),
    "a pointer in another case": (
        "bundle is",
        lambda place: place.write_pointer(bundle=place.pointer.bundle.upper()),
    ),
    "a pointer to a model with dots": ("model is", lambda place: place.write_pointer(model="..")),
    "a pointer with a list for a path": ("bundle is", lambda place: place.write_pointer(bundle=["tiny"])),
    "a pointer that names trusted keys": (
        "unknown field",
        lambda place: place.write_pointer(trusted_keys="/tmp"),  # noqa: S108 - never opened
    ),
    "a pointer that is too large": ("larger than", _flood),
    "a pointer to another version of the same bytes": ("the pointer names", _name_another_version),
    "another model where the pointer leads": ("the pointer names", _put_another_model_there),
    "a link in place of the bundle": ("is a link", _link_the_bundle),
    "a link in place of the model's folder": ("is a link", _link_the_model),
}
