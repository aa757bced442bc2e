"""A signing key in Azure Key Vault: the vault signs, the private part never leaves it.

Key Vault knows no Ed25519, so the key is on the curve P-256 (ES256). What the vault answers is checked with the public
key before anybody else sees it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from modelyard.errors import ConfigurationError, ExternalServiceError
from modelyard.release.programs import run

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

API = "api-version=7.4"
RESOURCE = "https://vault.azure.net"
_HALF = 32
"""Bytes of each of the two numbers of an ES256 signature."""
_KEY_ID = re.compile(r"https://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+/[0-9a-f]+")


class VaultKey(Protocol):
    """One key in a vault."""

    def describe(self) -> Mapping[str, Any]:
        """The newest version of the key as a JSON Web Key, `kid` being its address."""
        ...

    def sign(self, kid: str, digest: bytes) -> bytes:
        """ES256 over a SHA-256 digest by the version at the address `kid`: two numbers of 32 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class AzVaultKey:
    """A key vault, reached over REST by the Azure CLI, which is signed in already: no token passes through here."""

    vault: str
    name: str

    def describe(self) -> Mapping[str, Any]:
        """Asks the vault for the key."""
        answer = self._rest("get", f"https://{self.vault}.vault.azure.net/keys/{self.name}?{API}")
        key = answer.get("key")
        return key if isinstance(key, dict) else {}

    def sign(self, kid: str, digest: bytes) -> bytes:
        """Asks the vault to sign."""
        own = f"https://{self.vault}.vault.azure.net/keys/{self.name}/"
        if not _KEY_ID.fullmatch(kid) or not kid.startswith(own):
            raise ExternalServiceError(
                f"the vault {self.vault} calls its key {kid!r}", hint="check release.signing_key"
            )
        value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        answer = self._rest("post", f"{kid}/sign?{API}", "--body", json.dumps({"alg": "ES256", "value": value}))
        return _unpadded(answer.get("value"))

    def _rest(self, method: str, url: str, *more: str) -> Mapping[str, Any]:
        said = run(
            ["az", "rest", "--method", method, "--url", url, "--resource", RESOURCE, "--output", "json", *more],
            missing="install the Azure CLI and sign in: az login",
        )
        if said.code:
            raise ExternalServiceError(
                f"the key {self.name} in the vault {self.vault} cannot be used: {said.complaint}",
                hint="the key must exist (az keyvault key create --kty EC --curve P-256) and you need the role "
                "Key Vault Crypto User",
            )
        try:
            answer = json.loads(said.out)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ExternalServiceError(f"the vault {self.vault} answered {said.out[:80]!r}", hint="az upgrade")
        return answer


@dataclass(slots=True)
class KeyVaultSigner:
    """Signs with a key in a vault, by the version that was the newest when it was first asked."""

    key: VaultKey
    _known: tuple[str, EllipticCurvePublicKey] | None = None

    def public_key(self) -> PublicKeyTypes:
        """The public part of the newest version."""
        return self._newest()[1]

    def sign(self, message: bytes) -> bytes:
        """ES256 over the message, in DER."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        kid, public = self._newest()
        raw = self.key.sign(kid, hashlib.sha256(message).digest())
        if len(raw) != 2 * _HALF:
            raise ExternalServiceError(f"the vault gave a signature of {len(raw)} bytes, ES256 has {2 * _HALF}")
        signature = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
        try:
            public.verify(signature, message, ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            raise ExternalServiceError("the vault gave a signature that its key did not make") from error
        return signature

    def _newest(self) -> tuple[str, EllipticCurvePublicKey]:
        if self._known is None:
            jwk = self.key.describe()
            self._known = (str(jwk.get("kid")), _public_key(jwk))
        return self._known


def _public_key(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not str(jwk.get("kty", "")).startswith("EC") or jwk.get("crv") != "P-256":
        raise ConfigurationError(
            f"the signing key is {jwk.get('kty')} {jwk.get('crv') or ''}, needed is EC P-256".replace("  ", " "),
            hint="az keyvault key create --kty EC --curve P-256, then name it in release.signing_key",
        )
    x, y = (int.from_bytes(_unpadded(jwk.get(part)), "big") for part in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise ExternalServiceError("the vault gave a key that is not on the curve P-256") from error


def _unpadded(value: object) -> bytes:
    text = str(value or "")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ExternalServiceError(f"the vault answered {text[:40]!r}, which is not base64url") from error
