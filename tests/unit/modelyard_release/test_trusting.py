"""Which keys an environment has and trusts, and the one act that trusts another."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from modelyard.environment.loading import load_environment
from modelyard.environment.release_settings import trusted_keys_in
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError
from modelyard.release.trusting import known_keys, trust_keys
from modelyard_bundle import TrustedKeys

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def yard(tmp_path):
    """The environment local in a yard of its own, as dev, test and prod have one each in a rehearsal."""

    def opened(name):
        workspace = Workspace(root=ROOT, state=tmp_path / name)
        return load_environment(workspace, "local"), workspace

    return opened


def public(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_the_own_key_is_shown_first_and_made_if_there_was_none(yard):
    dev = yard("dev")
    (own,) = known_keys(*dev)
    assert (own.own, own.algorithm) == (True, "Ed25519")
    assert Path(own.file).name == f"{own.fingerprint}.pem"
    assert known_keys(*dev) == (own,)


def test_a_key_of_another_environment_is_trusted_once(yard):
    dev, prod = yard("dev"), yard("prod")
    (key,) = known_keys(*dev)
    (first,), (again,) = (trust_keys(Path(key.file), *prod) for _ in range(2))
    assert (first.changed, again.changed) == (True, False)
    assert first.key.fingerprint == key.fingerprint
    assert key.fingerprint in TrustedKeys(trusted_keys_in(prod[1].of("local"))).names()
    assert [one.own for one in known_keys(*prod)] == [True, False]


def test_all_keys_in_a_folder_may_be_trusted_at_once(yard, tmp_path):
    dev, prod = yard("dev"), yard("prod")
    (key,) = known_keys(*dev)
    (Path(key.file).parent / "other.pem").write_bytes(public(ec.generate_private_key(ec.SECP256R1())))
    done = trust_keys(Path(key.file).parent, *prod)
    assert sorted(one.key.algorithm for one in done) == ["ES256 on P-256", "Ed25519"]


@pytest.mark.parametrize("kind", ["text", "RSA", "another curve", "private"])
def test_refuses_what_is_no_key_that_could_be_trusted_and_trusts_nothing(yard, tmp_path, kind):
    file = tmp_path / "keys" / "b.pem"
    file.parent.mkdir()
    (tmp_path / "keys" / "a.pem").write_bytes(public(ec.generate_private_key(ec.SECP256R1())))
    if kind == "text":
        file.write_text("a key")
    elif kind == "RSA":
        file.write_bytes(public(rsa.generate_private_key(65537, 2048)))
    elif kind == "another curve":
        file.write_bytes(public(ec.generate_private_key(ec.SECP384R1())))
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    environment, workspace = yard("prod")
    with pytest.raises(ConfigurationError, match="private key" if kind == "private" else "is not a public key"):
        trust_keys(tmp_path / "keys", environment, workspace)
    assert TrustedKeys(trusted_keys_in(workspace.of("local"))).names() == set()


def test_an_empty_folder_trusts_nobody_and_says_so(yard, tmp_path):
    with pytest.raises(ConfigurationError, match=r"holds no \.pem"):
        trust_keys(tmp_path, *yard("prod"))


def test_where_no_signature_is_asked_for_there_is_nothing_to_trust(yard, tmp_path):
    environment, workspace = yard("prod")
    bare = environment.model_copy(update={"release": environment.release.model_copy(update={"signing": "none"})})
    with pytest.raises(ConfigurationError, match="no signature is asked for"):
        known_keys(bare, workspace)


def test_an_environment_in_azure_keeps_its_trust_in_the_repository_where_every_agent_has_it(yard, tmp_path):
    (tmp_path / "environments").mkdir()
    for file in (ROOT / "environments").glob("*.yaml"):
        (tmp_path / "environments" / file.name).write_bytes(file.read_bytes())
    (key,) = known_keys(*yard("dev"))
    for state in ("a-person", "an-agent"):
        workspace = Workspace(root=tmp_path, state=tmp_path / state)
        (done,) = trust_keys(Path(key.file), load_environment(workspace, "prod"), workspace)
        assert done.changed == (state == "a-person")
    assert Path(done.key.file) == tmp_path / "environments" / "keys" / "prod" / f"{key.fingerprint}.pem"
