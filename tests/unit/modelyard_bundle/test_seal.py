"""The seal: a signature by a key that the reader trusts, over the exact bytes of the manifest."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from modelyard_bundle import BundleError, Envelope, TrustedKeys, check_seal, read_bundle, read_seal
from modelyard_bundle.envelope import pre_authentication
from modelyard_bundle.seal import PAYLOAD_TYPE, keyid_of

MANIFEST = b'{"model": "tiny"}\n'


def sign_with(private, message):
    return (
        private.sign(message)
        if isinstance(private, ed25519.Ed25519PrivateKey)
        else private.sign(message, ec.ECDSA(SHA256()))
    )


def sealed(private, payload=MANIFEST, /, payload_type=PAYLOAD_TYPE, **changes):
    """A seal as the platform makes it; `changes` replace parts of the finished document."""
    envelope = Envelope(
        payload_type=payload_type,
        payload=payload,
        keyid=keyid_of(private.public_key()),
        signature=sign_with(private, pre_authentication(payload_type, payload)),
    )
    document = json.loads(envelope.to_json())
    document["signatures"][0] |= {key: changes.pop(key) for key in ("keyid", "sig") if key in changes}
    return json.dumps({**document, **changes}).encode()


def trust(folder, public, name=None):
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    folder.mkdir(exist_ok=True)
    (folder / f"{name or keyid_of(public)}.pem").write_bytes(pem)


@pytest.fixture(scope="module", params=["ed25519", "P-256"])
def private(request):
    if request.param == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def trusted(private, tmp_path):
    trust(tmp_path / "trusted", private.public_key())
    return TrustedKeys(tmp_path / "trusted")


def test_accepts_a_seal_by_a_trusted_key(private, trusted):
    check_seal(sealed(private), MANIFEST, trusted=trusted)


def test_what_is_signed_is_dsse_so_other_tools_can_check_it():
    assert pre_authentication("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_several_keys_are_trusted_at_once_so_that_they_can_be_changed(private, trusted):
    other = ed25519.Ed25519PrivateKey.generate()
    trust(trusted.folder, other.public_key())
    check_seal(sealed(private), MANIFEST, trusted=trusted)
    check_seal(sealed(other), MANIFEST, trusted=trusted)


def test_a_key_that_is_withdrawn_is_not_trusted_from_that_moment(private, trusted):
    check_seal(sealed(private), MANIFEST, trusted=trusted)
    (trusted.folder / f"{keyid_of(private.public_key())}.pem").unlink()
    with pytest.raises(BundleError, match="trusted here: none"):
        check_seal(sealed(private), MANIFEST, trusted=trusted)


def refusals(private):
    other = ed25519.Ed25519PrivateKey.generate()
    good = json.loads(sealed(private))["signatures"][0]
    raw = base64.b64decode(good["sig"])
    flipped = base64.b64encode(bytes([raw[0], raw[1] ^ 1, *raw[2:]])).decode()
    return {
        "no seal": (None, "not signed"),
        "nothing": (b"", "not a JSON document"),
        "another key": (sealed(other), "trusted here"),
        "another key under a trusted name": (
            sealed(other, keyid=keyid_of(private.public_key())),
            "the signature is not by the key",
        ),
        "another manifest": (sealed(private, b"{}"), "another manifest"),
        "another manifest put in afterwards": (
            sealed(private, b"{}", payload=base64.b64encode(MANIFEST).decode()),
            "the signature is not by the key",
        ),
        "another type of document": (sealed(private, payload_type="application/vnd.in-toto+json"), "in-toto"),
        "another type put in afterwards": (
            sealed(private, payload_type="application/vnd.in-toto+json", payloadType=PAYLOAD_TYPE),
            "the signature is not by the key",
        ),
        "a flipped bit": (sealed(private, sig=flipped), "the signature is not by the key"),
        "no signature": (sealed(private, sig=""), "the signature is not by the key"),
        "a signature over the payload alone": (
            sealed(private, sig=base64.b64encode(sign_with(private, MANIFEST)).decode()),
            "the signature is not by the key",
        ),
        "an empty list of signatures": (sealed(private, signatures=[]), "a list of one"),
        "two signatures": (sealed(private, signatures=[good, good]), "a list of one"),
        "signatures that are no list": (sealed(private, signatures=good), "a list of one"),
        "a key that it brings along": (sealed(private, publicKey="-----BEGIN PUBLIC KEY-----"), "unknown field"),
        "a key in the signature": (
            sealed(private, signatures=[{**good, "publicKey": "-----BEGIN PUBLIC KEY-----"}]),
            "unknown field",
        ),
        "an algorithm": (sealed(private, alg="none"), "unknown field"),
        "a path as the key's name": (sealed(private, keyid="../../evil"), "keyid is"),
        "a whole path as the key's name": (sealed(private, keyid="/tmp/evil"), "keyid is"),
        "an address as the key's name": (sealed(private, keyid="https://example.com/key"), "keyid is"),
        "the key's name in capitals": (sealed(private, keyid=good["keyid"].upper()), "keyid is"),
        "the key's name with a line end": (sealed(private, keyid=good["keyid"] + "\n"), "keyid is"),
        "the key's name as a list": (sealed(private, keyid=[good["keyid"]]), "keyid is"),
        "base64 with spaces": (sealed(private, sig=" " + good["sig"]), "base64"),
        "base64 spelt in another way": (sealed(private, payload="e31="), "proper spelling"),
        "a list": (b"[]", "JSON object"),
    }


@pytest.mark.parametrize("name", refusals(ed25519.Ed25519PrivateKey.generate()))
def test_refuses(private, trusted, name):
    seal, reason = refusals(private)[name]
    with pytest.raises(BundleError, match=reason):
        check_seal(seal, MANIFEST, trusted=trusted)


def test_a_key_that_lies_outside_of_the_folder_is_not_found_by_any_name(private, tmp_path):
    trust(tmp_path, private.public_key())
    trusted = TrustedKeys(tmp_path / "trusted")
    trusted.folder.mkdir()
    with pytest.raises(BundleError, match="trusted here: none"):
        check_seal(sealed(private), MANIFEST, trusted=trusted)


def test_without_a_folder_of_keys_nothing_is_trusted(private, tmp_path):
    with pytest.raises(BundleError, match="trusted here: none"):
        check_seal(sealed(private), MANIFEST, trusted=TrustedKeys(tmp_path / "missing"))


def test_refuses_a_trusted_file_that_holds_another_key_than_its_name_says(private, trusted):
    trust(trusted.folder, ed25519.Ed25519PrivateKey.generate().public_key(), keyid_of(private.public_key()))
    with pytest.raises(BundleError, match="called by the key's name"):
        check_seal(sealed(private), MANIFEST, trusted=trusted)


@pytest.mark.parametrize(
    "content", [b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", b"\xff" * 50]
)
def test_refuses_a_trusted_file_that_holds_no_key(private, trusted, content):
    (trusted.folder / f"{keyid_of(private.public_key())}.pem").write_bytes(content)
    with pytest.raises(BundleError, match="not a public key"):
        check_seal(sealed(private), MANIFEST, trusted=trusted)


def test_refuses_kinds_of_key_that_are_not_ours_even_if_somebody_trusts_them(trusted):
    for public in (
        rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
    ):
        trust(trusted.folder, public)
        seal = sealed(ed25519.Ed25519PrivateKey.generate(), keyid=keyid_of(public))
        with pytest.raises(BundleError, match="Ed25519 or of the curve P-256"):
            check_seal(seal, MANIFEST, trusted=trusted)


def test_other_files_among_the_trusted_keys_are_no_keys(private, trusted):
    (trusted.folder / "README.txt").write_text("keys")
    (trusted.folder / "mine.pem").write_text("not called by a key's name")
    (trusted.folder / ("a" * 64 + ".pem")).mkdir()
    assert trusted.names() == {keyid_of(private.public_key())}


def test_the_name_of_a_key_is_the_digest_of_its_public_part(private):
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert keyid_of(private.public_key()) == hashlib.sha256(der).hexdigest()


def test_a_seal_is_a_part_of_a_bundle_that_may_be_absent(bundle):
    assert read_seal(bundle) is None
    (bundle / "manifest.sig").write_bytes(b"anything")
    assert read_seal(bundle) == b"anything"
    read_bundle(bundle)


def test_refuses_a_seal_that_is_a_link_or_too_large(bundle, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"x")
    (bundle / "manifest.sig").symlink_to(tmp_path / "elsewhere")
    for read in (read_seal, read_bundle):
        with pytest.raises(BundleError, match=r"manifest\.sig"):
            read(bundle)
    (bundle / "manifest.sig").unlink()
    (bundle / "manifest.sig").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"manifest\.sig"):
        read_seal(bundle)
    (bundle / "manifest.sig").unlink()
    (bundle / "manifest.sig").write_bytes(b" " * (2 << 20) + b" ")
    with pytest.raises(BundleError, match="larger than"):
        read_seal(bundle)
