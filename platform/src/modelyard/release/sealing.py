"""Who signs what is released: a key file of this machine, or a key that never leaves Azure Key Vault.

Readers trust keys by what lies in their own folder of public keys; a signer publishes its key there. What is signed is
a DSSE envelope (see `modelyard_bundle.envelope`).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from modelyard.errors import ConfigurationError
from modelyard_bundle import BundleError, Envelope, TrustedKeys, write_atomically
from modelyard_bundle.envelope import pre_authentication
from modelyard_bundle.seal import KEY_SUFFIX, PAYLOAD_TYPE, keyid_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_OTHERS = 0o077
"""The rights of everybody but the owner."""


class Signer(Protocol):
    """Holds one private key."""

    def public_key(self) -> PublicKeyTypes:
        """The public part: an Ed25519 key, or one on the curve P-256."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`; on P-256 over its SHA-256, in DER."""
        ...


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """An Ed25519 key in a file that only its owner may read, made when it is first needed."""

    file: Path

    def public_key(self) -> PublicKeyTypes:
        """The public part of the key in the file."""
        return self._key().public_key()

    def sign(self, message: bytes) -> bytes:
        """The same for the same message, always: two builds of a bundle are the same bytes."""
        return self._key().sign(message)

    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if not self.file.exists():
            _create(self.file)
        if self.file.stat().st_mode & _OTHERS:
            raise ConfigurationError(
                f"the signing key {self.file} can be read by others (mode {self.file.stat().st_mode & 0o777:o})",
                hint=f"chmod 600 {self.file}; if it was copied, remove it instead: a new key signs from then on",
            )
        try:
            key = load_pem_private_key(self.file.read_bytes(), password=None)
        except ValueError as error:
            raise self._useless() from error
        if not isinstance(key, Ed25519PrivateKey):
            raise self._useless()
        return key

    def _useless(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self.file} holds no Ed25519 key", hint="remove it; the next `modelyard release build` makes a new one"
        )


def _create(file: Path) -> None:
    """Put a new key at `file`. Of two processes that do so at once one wins, and both go on with its key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(pem)
            opened.flush()
            os.fsync(opened.fileno())
        # A link, not a rename: it fails where another process was faster, and never replaces a key.
        os.link(temporary, file)
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)


def publish_key(signer: Signer, folder: Path) -> str:
    """Put the signer's public key among the trusted ones, unless it lies there; its name."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = signer.public_key()
    file = folder / f"{keyid_of(key)}{KEY_SUFFIX}"
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if not file.is_file() or file.read_bytes() != pem:
        write_atomically(file, pem)
    return keyid_of(key)


def sign_envelope(signer: Signer, payload: bytes, *, payload_type: str) -> bytes:
    """`payload` in a signed envelope."""
    return Envelope(
        payload_type=payload_type,
        payload=payload,
        keyid=keyid_of(signer.public_key()),
        signature=signer.sign(pre_authentication(payload_type, payload)),
    ).to_json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """Who signs the bundles of an environment, and where readers look for the key."""

    signer: Signer
    trusted_keys: Path
    """The environment's folder of trusted public keys."""

    def seal(self, manifest: bytes, *, existing: bytes | None = None) -> bytes:
        """The content of `manifest.sig`.

        Args:
            manifest: The exact bytes of the manifest.
            existing: A seal that is there already. It is kept if the signer's own key made it over these bytes:
                ECDSA gives another signature each time, and a bundle must not change for nothing. One by an older
                key is replaced, which is how keys are changed.
        """
        keyid = publish_key(self.signer, self.trusted_keys)
        if existing is not None and self._holds(existing, manifest, keyid):
            return existing
        return sign_envelope(self.signer, manifest, payload_type=PAYLOAD_TYPE)

    def _holds(self, seal: bytes, manifest: bytes, keyid: str) -> bool:
        try:
            own = Envelope.from_json(seal, where="").keyid == keyid
            return own and TrustedKeys(self.trusted_keys).open(seal, payload_type=PAYLOAD_TYPE, where="") == manifest
        except BundleError:
            return False
