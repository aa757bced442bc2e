"""Attacks on the signature: none, somebody else's, one for something else, and keys that come along."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from modelyard.release.sealing import publish_key
from modelyard.testing.hostile.place import Place
from modelyard_bundle.manifest import MANIFEST
from modelyard_bundle.seal import PAYLOAD_TYPE, SEAL_FILE, keyid_of

Attack = tuple[str, Callable[[Place], None]]


def _seal(change: Callable[[dict[str, Any]], object]) -> Callable[[Place], None]:
    return lambda place: place.edit_seal(change)


def _signature(**changes: Any) -> Callable[[Place], None]:  # noqa: ANN401 - JSON
    return _seal(lambda document: document["signatures"][0].update(changes))


def _signed_by_the_attacker(place: Place) -> None:
    """All of it is in order, but for who signed."""
    place.edit_manifest(lambda document: document.update(run_id="evil"), signed=False)
    place.sign_as(place.attacker)


def _in_somebody_elses_name(place: Place) -> None:
    place.sign_as(place.attacker)
    trusted = keyid_of(place.sealing.signer.public_key())
    place.edit_seal(lambda document: document["signatures"][0].update(keyid=trusted))


def _key_at(where: Callable[[Place], Path], keyid: str) -> Callable[[Place], None]:
    """The attacker's key lies where the name would lead, if names were paths."""

    def spoil(place: Place) -> None:
        name = publish_key(place.attacker, where(place))
        (where(place) / f"{name}.pem").rename(where(place) / "evil.pem")
        place.sign_as(place.attacker)
        place.edit_seal(lambda document: document["signatures"][0].update(keyid=keyid))

    return spoil


def _key_in_the_envelope(place: Place) -> None:
    place.sign_as(place.attacker)
    key = place.root / "own" / f"{publish_key(place.attacker, place.root / 'own')}.pem"
    place.edit_seal(lambda document: document.update(publicKey=key.read_text()))


def _of_another_bundle(place: Place) -> None:
    """A true signature of a true bundle, taken from there: a replay."""
    other = Place(place.root / "other", place.tiny, place.sealing, version="9")
    place.write(SEAL_FILE, other.read(SEAL_FILE))


def _of_the_bundle_as_it_was(place: Place) -> None:
    """The manifest was changed after it had been signed."""
    place.edit_manifest(lambda document: document.update(commit="evil"), signed=False)


def _flipped(place: Place) -> None:
    place.flip(MANIFEST, at=0.05)


def _of_another_kind_of_document(place: Place) -> None:
    place.sign_as(place.sealing.signer, payload_type="application/vnd.in-toto+json")


def _kind_changed_afterwards(place: Place) -> None:
    place.sign_as(place.sealing.signer, payload_type="application/vnd.in-toto+json")
    place.edit_seal(lambda document: document.update(payloadType=PAYLOAD_TYPE))


ATTACKS: dict[str, Attack] = {
    "no signature": ("not signed", lambda place: (place.folder / SEAL_FILE).unlink()),
    "an empty signature": ("not a JSON document", lambda place: place.write(SEAL_FILE, b"")),
    "a signature by the attacker": ("trusted here", _signed_by_the_attacker),
    "a signature by the attacker in a trusted name": ("is not by the key", _in_somebody_elses_name),
    "a signature of another bundle": ("signs another manifest", _of_another_bundle),
    "a signature of the bundle as it was": ("signs another manifest", _of_the_bundle_as_it_was),
    "a signature of a provenance": ("it signs application", _of_another_kind_of_document),
    "a signature of a provenance that says it is one of a bundle": ("is not by the key", _kind_changed_afterwards),
    "a signature that is cut off": ("is not by the key", _signature(sig="AAAA")),
    "a signature of zeros": ("is not by the key", _signature(sig="A" * 86 + "==")),
    "a signature without an algorithm": ("unknown field", _signature(alg="none")),
    "an envelope without signatures": ("a list of one", _seal(lambda document: document.update(signatures=[]))),
    "an envelope with one signature more": (
        "a list of one",
        _seal(lambda document: document["signatures"].append(document["signatures"][0])),
    ),
    "an envelope that brings its key along": ("unknown field", _key_in_the_envelope),
    "a key named by a way to it": ("keyid is", _key_at(lambda place: place.root, "../evil")),
    "a key named by its whole path": ("keyid is", _signature(keyid="/etc/ssl/evil")),
    "a key named by an address": ("keyid is", _signature(keyid="https://example.com/evil.pem")),
    "a key named in capitals": (
        "keyid is",
        _seal(lambda document: document["signatures"][0].update(keyid=document["signatures"][0]["keyid"].upper())),
    ),
    "a key that lies among the bundles": ("keyid is", _key_at(lambda place: place.bundles, "../bundles/evil")),
    "an envelope that is a pickle": ("not a JSON document", lambda place: place.write(SEAL_FILE, b"\x80\x04.")),
}
