"""Every signer: a key file of this machine, a key vault in memory, and one that the Azure CLI reaches."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from modelyard.errors import ConfigurationError, ExternalServiceError, MissingToolError
from modelyard.release.sealing import LocalSigner, Sealing, publish_key
from modelyard.release.vault_key import AzVaultKey, KeyVaultSigner
from modelyard.testing.vault_fakes import FakeVaultKey
from modelyard_bundle import TrustedKeys, check_seal
from modelyard_bundle.seal import checker, keyid_of

MANIFEST = b'{"model": "tiny"}\n'
AZ = f"""#!{sys.executable}
# Answers as `az rest` does for the two calls that a signer makes; what it was asked goes into the file beside it.
import json, os, sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from modelyard.testing.vault_fakes import FakeVaultKey, _base64url
import base64
here = os.path.dirname(os.path.abspath(sys.argv[0]))
with open(os.path.join(here, "asked"), "a") as asked:
    asked.write(json.dumps(sys.argv[1:]) + "\\n")
options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
with open(os.path.join(here, "key.pem"), "rb") as file:
    vault = FakeVaultKey(load_pem_private_key(file.read(), None))
if options["--method"] == "get":
    print(json.dumps({{"key": vault.describe(), "attributes": {{"enabled": True}}}}))
else:
    digest = json.loads(options["--body"])["value"]
    raw = vault.sign(vault.kid, base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)))
    print(json.dumps({{"kid": vault.kid, "value": _base64url(raw)}}))
"""


@dataclass
class FakeAz:
    """An `az` on PATH."""

    folder: Path

    def says(self, script: str) -> None:
        program = self.folder / "az"
        program.write_text(script)
        program.chmod(0o755)

    @property
    def asked(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]


@pytest.fixture
def az(tmp_path, monkeypatch):
    folder = tmp_path / "az"
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    fake = FakeAz(folder)
    fake.says(AZ)
    return fake


@pytest.fixture(params=["local", "vault", "az"])
def signer(request, tmp_path, az):
    return {
        "local": lambda: LocalSigner(tmp_path / "signing" / "key.pem"),
        "vault": lambda: KeyVaultSigner(FakeVaultKey()),
        "az": lambda: KeyVaultSigner(AzVaultKey("kv-fake", "release")),
    }[request.param]()


@pytest.fixture
def sealing(signer, tmp_path):
    return Sealing(signer=signer, trusted_keys=tmp_path / "trusted")


def test_what_it_signs_verifies_with_its_public_key(signer):
    checker(signer.public_key())(signer.sign(b"message"), b"message")


def test_it_keeps_its_key(signer):
    assert keyid_of(signer.public_key()) == keyid_of(signer.public_key())


def test_its_seal_is_trusted_where_its_key_was_published(sealing):
    seal = sealing.seal(MANIFEST)
    check_seal(seal, MANIFEST, trusted=TrustedKeys(sealing.trusted_keys))


def test_publishing_twice_is_one_file(signer, tmp_path):
    keyid = publish_key(signer, tmp_path / "trusted")
    before = (tmp_path / "trusted" / f"{keyid}.pem").stat().st_mtime_ns
    assert publish_key(signer, tmp_path / "trusted") == keyid
    assert [path.stat().st_mtime_ns for path in (tmp_path / "trusted").iterdir()] == [before]


def test_no_private_part_is_published(sealing):
    sealing.seal(MANIFEST)
    assert all(b"PRIVATE" not in path.read_bytes() for path in sealing.trusted_keys.iterdir())


def test_a_good_seal_is_kept_and_any_other_is_made_anew(sealing):
    seal = sealing.seal(MANIFEST)
    assert sealing.seal(MANIFEST, existing=seal) == seal
    for other in (b"", b"{}", sealing.seal(b"other"), seal.replace(b'"sig": "', b'"sig": "AAAA')):
        made = sealing.seal(MANIFEST, existing=other)
        assert made != other
        check_seal(made, MANIFEST, trusted=TrustedKeys(sealing.trusted_keys))


def test_a_seal_by_the_key_before_is_replaced_although_that_key_is_trusted_still(sealing, tmp_path):
    before = Sealing(signer=LocalSigner(tmp_path / "old" / "key.pem"), trusted_keys=sealing.trusted_keys).seal(MANIFEST)
    check_seal(before, MANIFEST, trusted=TrustedKeys(sealing.trusted_keys))
    assert sealing.seal(MANIFEST, existing=before) != before


def test_the_local_key_is_made_once_and_for_its_owner_alone(tmp_path):
    file = tmp_path / "signing" / "key.pem"
    first = LocalSigner(file).public_key()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert keyid_of(LocalSigner(file).public_key()) == keyid_of(first)
    assert [path.name for path in file.parent.iterdir()] == ["key.pem"]


def test_the_local_signature_is_the_same_every_time(tmp_path):
    signer = LocalSigner(tmp_path / "key.pem")
    assert signer.sign(b"message") == signer.sign(b"message")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_refuses_a_local_key_that_others_can_read(tmp_path, mode):
    signer = LocalSigner(tmp_path / "key.pem")
    signer.public_key()
    (tmp_path / "key.pem").chmod(mode)
    with pytest.raises(ConfigurationError, match="read by others") as refused:
        signer.sign(b"message")
    assert "chmod 600" in refused.value.hint


@pytest.mark.parametrize("content", [b"", b"not a key", "P-256"])
def test_refuses_a_local_file_that_is_no_key(tmp_path, content):
    if content == "P-256":
        key = ec.generate_private_key(ec.SECP256R1())
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(content)
    (tmp_path / "key.pem").chmod(0o600)
    with pytest.raises(ConfigurationError, match="no Ed25519 key"):
        LocalSigner(tmp_path / "key.pem").sign(b"message")


def test_the_vault_is_asked_for_its_key_once_and_then_for_signatures_alone(az):
    signer = KeyVaultSigner(AzVaultKey("kv-fake", "release"))
    signer.sign(b"one")
    signer.sign(b"two")
    get, *posts = az.asked
    assert get[:5] == [
        "rest",
        "--method",
        "get",
        "--url",
        "https://kv-fake.vault.azure.net/keys/release?api-version=7.4",
    ]
    assert [words[2] for words in posts] == ["post", "post"]
    assert all("/keys/release/0123456789abcdef0123456789abcdef/sign?" in words[4] for words in posts)
    assert all(words[words.index("--resource") + 1] == "https://vault.azure.net" for words in (get, *posts))


def test_a_new_version_of_the_key_in_the_vault_signs_from_then_on(tmp_path):
    vault = FakeVaultKey()
    old = Sealing(signer=KeyVaultSigner(vault), trusted_keys=tmp_path).seal(MANIFEST)
    vault.rotate()
    new = Sealing(signer=KeyVaultSigner(vault), trusted_keys=tmp_path).seal(MANIFEST, existing=old)
    assert new != old
    for seal in (old, new):
        check_seal(seal, MANIFEST, trusted=TrustedKeys(tmp_path))


class Lying(FakeVaultKey):
    def sign(self, kid, digest):
        return super().sign(kid, bytes(32))


def test_a_signature_that_is_not_the_keys_goes_no_further():
    with pytest.raises(ExternalServiceError, match="its key did not make"):
        KeyVaultSigner(Lying()).sign(b"message")


@pytest.mark.parametrize(
    ("jwk", "error", "reason"),
    [
        ({"kty": "RSA", "n": "AQAB"}, ConfigurationError, "needed is EC P-256"),
        ({"crv": "P-384"}, ConfigurationError, "needed is EC P-256"),
        ({"x": "AAAA"}, ExternalServiceError, "not on the curve"),
        ({"x": "***"}, ExternalServiceError, "base64url"),
    ],
)
def test_refuses_a_key_that_cannot_sign_bundles(jwk, error, reason):
    class Other(FakeVaultKey):
        def describe(self):
            return {**super().describe(), **jwk}

    with pytest.raises(error, match=reason):
        KeyVaultSigner(Other()).public_key()


@pytest.mark.parametrize(
    "kid",
    [
        "https://evil.example/keys/release/0123",
        "https://kv-other.vault.azure.net/keys/release/0123",
        "https://kv-fake.vault.azure.net/keys/other/0123",
        "https://kv-fake.vault.azure.net/keys/release/../0123",
    ],
)
def test_an_answer_cannot_send_the_signature_elsewhere(az, kid):
    with pytest.raises(ExternalServiceError, match="calls its key"):
        AzVaultKey("kv-fake", "release").sign(kid, bytes(32))
    assert not (az.folder / "asked").exists()


def test_says_why_the_vault_said_no(az):
    az.says("#!/bin/sh\necho 'ERROR: Forbidden(caller has no permission keys/get)' >&2\nexit 1\n")
    with pytest.raises(ExternalServiceError, match="caller has no permission") as refused:
        KeyVaultSigner(AzVaultKey("kv-fake", "release")).public_key()
    assert "Key Vault Crypto User" in refused.value.hint


@pytest.mark.parametrize("answer", ["", "[]", "<html>"])
def test_says_that_an_answer_is_none(az, answer):
    az.says(f"#!/bin/sh\necho '{answer}'\n")
    with pytest.raises(ExternalServiceError, match="answered"):
        KeyVaultSigner(AzVaultKey("kv-fake", "release")).public_key()


def test_says_that_there_is_no_azure_cli(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="az is not on this machine"):
        KeyVaultSigner(AzVaultKey("kv-fake", "release")).public_key()
