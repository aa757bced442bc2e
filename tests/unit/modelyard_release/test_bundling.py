"""A registered version becomes a bundle."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from modelyard.errors import InvalidBundleError
from modelyard.release.bundling import build_bundle
from modelyard.release.sealing import LocalSigner, Sealing
from modelyard.release.vault_key import KeyVaultSigner
from modelyard.testing.vault_fakes import FakeVaultKey
from modelyard_bundle import TrustedKeys, check_seal, read_seal, verify_bundle


def never(folder):
    raise AssertionError("nothing had to be downloaded")


def test_builds_a_bundle_that_verifies(registered, fetch, tmp_path, tiny):
    built = build_bundle(registered, fetch, bundles=tmp_path)
    assert built.changed
    assert built.folder == tmp_path / "tiny" / f"3-{tiny.digest[:12]}"
    assert verify_bundle(built.folder) == built.manifest == tiny.manifest("3")
    assert built.pointer.bundle == f"tiny/3-{tiny.digest[:12]}"


def test_building_it_twice_changes_nothing_and_downloads_nothing(registered, fetch, tmp_path):
    first = build_bundle(registered, fetch, bundles=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    second = build_bundle(registered, never, bundles=tmp_path)
    assert not second.changed
    assert second.manifest == first.manifest
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before


def test_two_builds_are_the_same_bytes(registered, fetch, tmp_path):
    one = build_bundle(registered, fetch, bundles=tmp_path / "one").folder
    two = build_bundle(registered, fetch, bundles=tmp_path / "two").folder
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in two.iterdir()
    }


@pytest.mark.parametrize("name", ["model.skops", "manifest.json", "signature.json", "example.json"])
def test_a_damaged_bundle_is_built_anew(registered, fetch, tmp_path, name):
    folder = build_bundle(registered, fetch, bundles=tmp_path).folder
    (folder / name).write_bytes(b"damaged")
    assert build_bundle(registered, fetch, bundles=tmp_path).changed
    verify_bundle(folder)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_link_in_place_of_a_bundle_is_built_anew(registered, fetch, tmp_path):
    folder = build_bundle(registered, fetch, bundles=tmp_path).folder
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert build_bundle(registered, fetch, bundles=tmp_path).changed
    assert not folder.is_symlink()


def test_a_bundle_that_says_something_else_than_the_registry_is_built_anew(registered, fetch, tmp_path):
    build_bundle(registered, fetch, bundles=tmp_path)
    assert build_bundle(replace(registered, commit="another"), fetch, bundles=tmp_path).manifest.commit == "another"


def test_refuses_a_model_that_is_not_the_registered_one(registered, fetch, tmp_path, train):
    def swapped(folder):
        fetch(folder)
        (folder / "model.skops").write_bytes(train(seed=9).model)

    with pytest.raises(InvalidBundleError, match="the registry says digest"):
        build_bundle(registered, swapped, bundles=tmp_path)
    assert not list(tmp_path.rglob("*.skops"))


def test_refuses_a_model_of_unlisted_types_before_anybody_loads_it(registered, tmp_path, fetch):
    import skops.io
    from sklearn.linear_model import SGDClassifier

    from modelyard_bundle import sha256_of

    content = skops.io.dumps(SGDClassifier())

    def other(folder):
        fetch(folder)
        (folder / "model.skops").write_bytes(content)

    with pytest.raises(InvalidBundleError, match="SGDClassifier"):
        build_bundle(replace(registered, digest=sha256_of(content)), other, bundles=tmp_path)


@pytest.mark.parametrize("name", ["model.skops", "signature.json", "example.json"])
def test_says_what_the_registry_did_not_give(registered, fetch, tmp_path, name):
    def partly(folder):
        fetch(folder)
        (folder / name).unlink()

    with pytest.raises(InvalidBundleError, match=name) as caught:
        build_bundle(registered, partly, bundles=tmp_path)
    assert caught.value.hint


def test_refuses_the_files_of_another_model(registered, tmp_path, train):
    other = train(name="other")

    def foreign(folder):
        for name, content in other.files.items():
            (folder / name).write_bytes(content)

    with pytest.raises(InvalidBundleError, match="other"):
        build_bundle(replace(registered, digest=other.digest), foreign, bundles=tmp_path)


@pytest.mark.parametrize("changes", [{"model": "../tiny"}, {"version": "a/b"}, {"digest": "short"}])
def test_refuses_a_registration_that_would_lead_elsewhere(registered, fetch, tmp_path, changes):
    with pytest.raises(InvalidBundleError):
        build_bundle(replace(registered, **changes), fetch, bundles=tmp_path)


def test_a_download_that_fails_leaves_nothing_behind(registered, tmp_path):
    def broken(folder):
        (folder / "model.skops").write_bytes(b"half")
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        build_bundle(registered, broken, bundles=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["a key of this machine", "a key in a vault"])
def sealing(request, tmp_path):
    signer = LocalSigner(tmp_path / "key.pem") if "machine" in request.param else KeyVaultSigner(FakeVaultKey())
    return Sealing(signer=signer, trusted_keys=tmp_path / "trusted")


def check(folder, sealing):
    manifest = (folder / "manifest.json").read_bytes()
    check_seal(read_seal(folder), manifest, trusted=TrustedKeys(sealing.trusted_keys))


def test_a_bundle_is_signed_when_it_is_built(registered, fetch, tmp_path, sealing):
    built = build_bundle(registered, fetch, bundles=tmp_path / "bundles", sealing=sealing)
    check(built.folder, sealing)
    verify_bundle(built.folder)


def test_building_a_signed_bundle_twice_changes_nothing(registered, fetch, tmp_path, sealing):
    first = build_bundle(registered, fetch, bundles=tmp_path / "bundles", sealing=sealing)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.folder.iterdir()}
    assert not build_bundle(registered, never, bundles=tmp_path / "bundles", sealing=sealing).changed
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.folder.iterdir()} == before


def test_a_bundle_from_before_there_were_signatures_is_signed_without_asking_the_registry(
    registered, fetch, tmp_path, sealing
):
    old = build_bundle(registered, fetch, bundles=tmp_path / "bundles")
    assert read_seal(old.folder) is None
    signed = build_bundle(registered, never, bundles=tmp_path / "bundles", sealing=sealing)
    assert signed.changed
    check(signed.folder, sealing)
    assert signed.manifest == old.manifest
    assert [path.name for path in signed.folder.parent.iterdir()] == [signed.folder.name]


@pytest.mark.parametrize("seal", [b"", b"{}", "of another key", "of another bundle"])
def test_a_bad_signature_is_replaced_without_asking_the_registry(registered, fetch, tmp_path, sealing, seal):
    folder = build_bundle(registered, fetch, bundles=tmp_path / "bundles", sealing=sealing).folder
    if seal == "of another key":
        other = Sealing(signer=LocalSigner(tmp_path / "other.pem"), trusted_keys=tmp_path / "others")
        seal = other.seal((folder / "manifest.json").read_bytes())
    elif seal == "of another bundle":
        seal = sealing.seal(b"{}")
    (folder / "manifest.sig").write_bytes(seal)
    assert build_bundle(registered, never, bundles=tmp_path / "bundles", sealing=sealing).changed
    check(folder, sealing)


def test_two_builds_with_one_local_key_are_the_same_bytes(registered, fetch, tmp_path):
    sealing = Sealing(signer=LocalSigner(tmp_path / "key.pem"), trusted_keys=tmp_path / "trusted")
    one, two = (build_bundle(registered, fetch, bundles=tmp_path / name, sealing=sealing).folder for name in "ab")
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in two.iterdir()
    }


def test_where_nobody_signs_a_signature_from_before_is_taken_away(registered, fetch, tmp_path, sealing):
    """It would say something that nobody checks."""
    build_bundle(registered, fetch, bundles=tmp_path / "bundles", sealing=sealing)
    unsigned = build_bundle(registered, never, bundles=tmp_path / "bundles")
    assert unsigned.changed
    assert read_seal(unsigned.folder) is None


def test_damage_is_repaired_from_the_registry_and_signed_again(registered, fetch, tmp_path, sealing):
    folder = build_bundle(registered, fetch, bundles=tmp_path / "bundles", sealing=sealing).folder
    (folder / "model.skops").write_bytes(b"damaged")
    assert build_bundle(registered, fetch, bundles=tmp_path / "bundles", sealing=sealing).changed
    check(folder, sealing)
