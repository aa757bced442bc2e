"""The seal of a bundle: a signature over the exact bytes of its manifest, by a key that the reader trusts already.

The manifest names the digest of every other file, so the seal covers the whole bundle. Which keys are trusted is for
the reader to say: a folder of public keys that comes from its own settings. A bundle can name a key, but only one that
lies there; it can neither bring one along nor say where to look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard_bundle.envelope import KEYID, Envelope
from modelyard_bundle.errors import BundleError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

SEAL_FILE = "manifest.sig"
PAYLOAD_TYPE = "application/vnd.modelyard.bundle+json"
KEY_SUFFIX = ".pem"
MAX_KEY_BYTES = 16 * 1024

Check = Callable[[bytes, bytes], None]
"""Takes a signature and what was signed; raises InvalidSignature."""


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """A folder of public keys, each in a file called by its name: `<keyid>.pem`.

    It is read again for each check, so keys can be added and withdrawn while a process runs.
    """

    folder: Path

    def names(self) -> frozenset[str]:
        """The names of the keys that are there; none where there is no folder."""
        try:
            entries = [path.name for path in self.folder.iterdir() if path.is_file()]
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        stems = (name.removesuffix(KEY_SUFFIX) for name in entries if name.endswith(KEY_SUFFIX))
        return frozenset(stem for stem in stems if KEYID.fullmatch(stem))

    def open(self, content: bytes, *, payload_type: str, where: str) -> bytes:
        """The payload of an envelope that one of these keys has signed.

        Args:
            content: The envelope.
            payload_type: What it must hold.
            where: Its name for messages.

        Raises:
            BundleError: It is of another type, by a key that is not trusted, or the signature is wrong.
        """
        from cryptography.exceptions import InvalidSignature

        envelope = Envelope.from_json(content, where=where)
        if envelope.payload_type != payload_type:
            raise BundleError(f"it signs {envelope.payload_type}, needed is {payload_type}", where=where)
        check = self._check_of(envelope.keyid, where)
        try:
            check(envelope.signature, envelope.signed)
        except InvalidSignature as error:
            raise BundleError(f"the signature is not by the key {envelope.keyid[:12]}…", where=where) from error
        return envelope.payload

    def _check_of(self, keyid: str, where: str) -> Check:
        # Looked up among the names that are there: what a bundle says never becomes a part of a path.
        if keyid not in (names := self.names()):
            there = ", ".join(f"{name[:12]}…" for name in sorted(names)) or "none"
            raise BundleError(f"signed by the key {keyid[:12]}…, trusted here: {there}", where=where)
        with (self.folder / f"{keyid}{KEY_SUFFIX}").open("rb") as file:
            return checker(read_public_key(file.read(MAX_KEY_BYTES), keyid=keyid))


def check_seal(seal: bytes | None, manifest: bytes, *, trusted: TrustedKeys) -> None:
    """Refuse a manifest that no trusted key has signed.

    Args:
        seal: The content of `manifest.sig`; none if there is no such file.
        manifest: The exact bytes of `manifest.json`.
        trusted: The reader's own keys.

    Raises:
        BundleError: It is not signed, signed by somebody else, or the signature is over other bytes.
    """
    if seal is None:
        raise BundleError("it is not signed, and only signed bundles are trusted here", where=SEAL_FILE)
    if trusted.open(seal, payload_type=PAYLOAD_TYPE, where=SEAL_FILE) != manifest:
        raise BundleError("it signs another manifest", where=SEAL_FILE)


def read_public_key(pem: bytes, *, keyid: str) -> PublicKeyTypes:
    """The public key in a PEM file.

    Raises:
        BundleError: It is not a public key, or its name is not `keyid`.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    where = f"{keyid}{KEY_SUFFIX}"
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BundleError("it is not a public key in PEM", where=where) from error
    if (found := keyid_of(key)) != keyid:
        raise BundleError(f"it holds the key {found[:12]}…; a key's file is called by the key's name", where=where)
    return key


def keyid_of(key: PublicKeyTypes) -> str:
    """The name of a public key: SHA-256 of its DER form, so that no two keys share one and none can be claimed."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def checker(key: PublicKeyTypes) -> Check:
    """How signatures of this key are checked. The key alone decides: no signed document names an algorithm.

    Raises:
        BundleError: It is neither an Ed25519 key nor one on the curve P-256.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.verify
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return lambda signature, signed: key.verify(signature, signed, ec.ECDSA(SHA256()))
    raise BundleError("a trusted key is of Ed25519 or of the curve P-256", where=f"{keyid_of(key)}{KEY_SUFFIX}")
