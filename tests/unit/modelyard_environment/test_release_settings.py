"""Who signs and what builds: settings that do not fit where an environment runs are refused."""

from __future__ import annotations

import pytest

from modelyard.environment import load_environment
from modelyard.release.sealing import LocalSigner
from modelyard.release.signers import sealing_of, signer_of, trusted_keys_of
from modelyard.release.vault_key import AzVaultKey, KeyVaultSigner

PINNED = "release:\n  base_image: docker.io/library/python:3.11-slim-bookworm\n"


def test_on_one_machine_a_key_file_signs_and_its_public_part_is_trusted(workspace):
    environment = load_environment(workspace, "local")
    sealing = sealing_of(environment, workspace)
    assert isinstance(sealing.signer, LocalSigner)
    assert workspace.of("local") in sealing.signer.file.parents
    assert sealing.trusted_keys == trusted_keys_of(environment, workspace)


def test_in_azure_a_key_of_the_environments_own_vault_signs(workspace):
    environment = load_environment(workspace, "prod")
    signer = signer_of(environment, workspace)
    assert isinstance(signer, KeyVaultSigner)
    assert signer.key == AzVaultKey(environment.azure_name("key vault"), environment.release.signing_key)


def test_where_signing_is_off_nobody_signs_and_nothing_is_asked_for(workspace, rewrite):
    rewrite("local", "signing: local", "signing: none")
    environment = load_environment(workspace, "local")
    assert signer_of(environment, workspace) is None
    assert sealing_of(environment, workspace) is None
    assert trusted_keys_of(environment, workspace) is None


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        (
            "local",
            "signing: local\n  signing_key: null",
            "signing: key_vault\n  signing_key: release",
            "release.signing",
        ),
        ("local", "signing: local", "signing: local\n  builder: acr", "release.builder"),
        ("local", "signing_key: null", "signing_key: release", "release.signing_key"),
        ("dev", "name: dev", f"name: dev\n{PINNED}", "release.base_image"),
        ("prod", "name: prod", "name: prod\nrelease:\n  signing: none\n  signing_key: null", "release.signing"),
        ("dev", "name: dev", "name: dev\nrelease:\n  signing_key: null", "release.signing_key"),
        ("prod", "name: prod", "name: prod\nrelease:\n  scanner: none", "release.scanner"),
        ("local", "scanner: none", "scanner: trivy", "release.scanner"),
    ],
)
def test_refuses_settings_that_do_not_fit(rewrite, findings, name, old, new, key):
    rewrite(name, old, new)
    assert list(findings(name)) == [key]


@pytest.mark.parametrize("image", ["python", "python:3.11 --privileged", "Python:3.11", "a:b@sha256:12", "../python:3"])
def test_refuses_base_images_that_are_none(rewrite, findings, image):
    rewrite("local", "docker.io/library/python:3.11-slim-bookworm", f'"{image}"')
    found = findings("local")
    assert list(found) == ([] if image == "python" else ["release.base_image"])


def accepting(*more):
    one = "{id: CVE-2026-1234, reason: the server part of it is never started, until: 2026-12-31}"
    return f"scanner: none\n  accepted_vulnerabilities: [{', '.join((one, *more))}]"


def test_a_vulnerability_may_be_accepted_with_a_reason_until_a_day(workspace, rewrite):
    rewrite("local", "scanner: none", accepting())
    (one,) = load_environment(workspace, "local").release.accepted_vulnerabilities
    assert (one.id, one.until.isoformat()) == ("CVE-2026-1234", "2026-12-31")


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("{id: CVE-2026-2, reason: because, until: 2026-12-31}", "reason"),
        ("{id: CVE-2026-2, reason: the server part of it is never started}", "until"),
        ("{id: CVE-2026-2, reason: the server part of it is never started, until: never}", "until"),
        ('{id: "*", reason: the server part of it is never started, until: 2026-12-31}', "id"),
        ("{id: CVE-2026-1234, reason: the server part of it is never started, until: 2026-12-30}", "id"),
    ],
)
def test_none_is_accepted_without_a_reason_for_ever_all_at_once_or_twice(rewrite, findings, more, key):
    rewrite("local", "scanner: none", accepting(more))
    assert list(findings("local")) == [f"release.accepted_vulnerabilities.1.{key}"]
