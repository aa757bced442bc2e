"""Stand-ins for keys that lie elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def _new_key() -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class FakeVaultKey:
    """A key vault in memory with one key, which answers as Azure's does: numbers in base64url, raw signatures."""

    private: EllipticCurvePrivateKey = field(default_factory=_new_key)
    kid: str = "https://kv-fake.vault.azure.net/keys/release/0123456789abcdef0123456789abcdef"
    signed: list[bytes] = field(default_factory=list)
    """Every digest that it was asked to sign."""

    def describe(self) -> Mapping[str, Any]:
        """The public part as a JSON Web Key."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kid": self.kid,
            "kty": "EC",
            "crv": "P-256",
            "x": _base64url(numbers.x.to_bytes(32, "big")),
            "y": _base64url(numbers.y.to_bytes(32, "big")),
            "key_ops": ["sign", "verify"],
        }

    def sign(self, kid: str, digest: bytes) -> bytes:
        """ES256 over the digest."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        if kid != self.kid:
            raise AssertionError(f"asked for {kid}, there is {self.kid}")
        self.signed.append(digest)
        r, s = decode_dss_signature(self.private.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def rotate(self) -> None:
        """Give the key a new version."""
        self.private = _new_key()
        self.kid = self.kid[:-1] + ("0" if self.kid[-1] != "0" else "1")


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
