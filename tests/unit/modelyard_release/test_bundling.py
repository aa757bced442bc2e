"""A registered version becomes a bundle."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from modelyard.errors import InvalidBundleError
from modelyard.release.bundling import build_bundle
from modelyard_bundle import verify_bundle


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
