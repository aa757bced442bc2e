"""Keys between environments: which one signs here, which ones are trusted here, and the act of trusting another one.

A release that was built elsewhere is taken only if a key that is trusted here has signed it. Trusting a key is a
person's act: no release and no pipeline's artifact can bring a key along.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError
from modelyard.release.sealing import publish_key
from modelyard.release.signers import signer_of, trusted_keys_of
from modelyard_bundle import BundleError, TrustedKeys, write_atomically
from modelyard_bundle.seal import KEY_SUFFIX, MAX_KEY_BYTES, checker, keyid_of, read_public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_WANTED = "a public key in PEM, Ed25519 or of the curve P-256, as `modelyard release key` shows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A public key in an environment's folder of trusted keys."""

    fingerprint: str
    """SHA-256 of its DER form: the key's name everywhere."""
    algorithm: str
    file: str
    """Where it lies."""
    own: bool
    """Whether this environment signs with it."""

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """A key that is trusted now."""

    key: KnownKey
    changed: bool
    """Whether this call trusted it; no if it was trusted already."""


def known_keys(environment: Environment, workspace: Workspace) -> tuple[KnownKey, ...]:
    """The keys of an environment: its own one, which is made or fetched if it never was, and those it trusts besides.

    Raises:
        ConfigurationError: Nobody signs there, or its key cannot be used.
        ExternalServiceError: The key vault said no.
    """
    folder, signer = _folder(environment, workspace), signer_of(environment, workspace)
    own = None if signer is None else publish_key(signer, folder)
    names = sorted(TrustedKeys(folder).names(), key=lambda name: (name != own, name))
    return tuple(_known(folder, name, own=name == own) for name in names)


def trust_keys(source: Path, environment: Environment, workspace: Workspace) -> tuple[Trusted, ...]:
    """Trust the public key in a file, or all in a folder of them. All are looked at before one is trusted.

    Raises:
        ConfigurationError: A file holds no such key, or this environment asks for no signatures.
    """
    folder = _folder(environment, workspace)
    keys = [_read(file) for file in _files(source)]
    return tuple(_trust(key, folder) for key in keys)


def _trust(key: PublicKeyTypes, folder: Path) -> Trusted:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    name = keyid_of(key)
    changed = name not in TrustedKeys(folder).names()
    if changed:
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        write_atomically(folder / f"{name}{KEY_SUFFIX}", pem)
    return Trusted(key=_described(key, folder, own=False), changed=changed)


def _folder(environment: Environment, workspace: Workspace) -> Path:
    folder = trusted_keys_of(environment, workspace)
    if folder is None:
        raise ConfigurationError(
            f"release.signing is none in {environment.name}: nobody signs there, and no signature is asked for",
            hint=f"set release.signing in environments/{environment.name}.yaml",
        )
    return folder


def _files(source: Path) -> Iterator[Path]:
    if source.is_dir():
        found = sorted(source.glob(f"*{KEY_SUFFIX}"))
        if not found:
            raise ConfigurationError(f"{source} holds no {KEY_SUFFIX} file", hint=f"give {_WANTED}")
        yield from found
    else:
        yield source


def _read(file: Path) -> PublicKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_KEY_BYTES)
        if b"PRIVATE KEY" in content:
            raise ConfigurationError(
                f"{file} holds a private key, which must not leave where it signs", hint=f"give {_WANTED}"
            )
        key = load_pem_public_key(content)
        checker(key)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}", hint=f"give {_WANTED}") from error
    except (BundleError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{file} is not {_WANTED}", hint="modelyard release key --out KEY.pem") from error
    return key


def _known(folder: Path, name: str, *, own: bool) -> KnownKey:
    try:
        key = read_public_key((folder / f"{name}{KEY_SUFFIX}").read_bytes()[:MAX_KEY_BYTES], keyid=name)
    except BundleError as error:
        raise ConfigurationError(
            f"{folder} holds a key that is none: {error}", hint=f"remove {folder / name}{KEY_SUFFIX}"
        ) from error
    return _described(key, folder, own=own)


def _described(key: PublicKeyTypes, folder: Path, *, own: bool) -> KnownKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name = keyid_of(key)
    algorithm = "Ed25519" if isinstance(key, Ed25519PublicKey) else "ES256 on P-256"
    return KnownKey(fingerprint=name, algorithm=algorithm, file=str(folder / f"{name}{KEY_SUFFIX}"), own=own)
