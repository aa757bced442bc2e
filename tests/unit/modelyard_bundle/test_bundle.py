"""A bundle on disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from modelyard_bundle import BundleError, Limits, bundle_folder, read_bundle, verify_bundle, write_bundle


def test_reads_what_was_written(tiny, bundle):
    content = read_bundle(bundle)
    assert content.manifest == tiny.manifest("1")
    assert content.model == tiny.model
    assert content.signature == tiny.signature
    assert content.example == tiny.example


def test_nothing_but_the_bundle_is_left_after_writing(tiny, bundle):
    assert [path.name for path in bundle.parent.iterdir()] == [f"1-{tiny.digest[:12]}"]
    assert sorted(path.name for path in bundle.iterdir()) == [
        "example.json",
        "manifest.json",
        "model.skops",
        "signature.json",
    ]


def test_nothing_appears_when_writing_fails(tiny, tmp_path):
    files = {**tiny.files, "model.skops": "text is not bytes"}
    manifest = tiny.manifest("1")
    with pytest.raises(TypeError):
        write_bundle(tmp_path, manifest, files=files)
    assert not list(tmp_path.rglob("*.skops"))


def test_refuses_to_write_other_bytes_than_the_manifest_says(tiny, tmp_path):
    with pytest.raises(BundleError, match="digest"):
        write_bundle(tmp_path, tiny.manifest("1"), files={**tiny.files, "model.skops": b"other"})


def test_never_overwrites_a_bundle(tiny, tmp_path):
    tiny.bundle(tmp_path, "1")
    with pytest.raises(BundleError, match="already there"):
        tiny.bundle(tmp_path, "1")


@pytest.mark.parametrize("name", ["model.skops", "signature.json", "example.json"])
def test_finds_one_flipped_bit_in_any_file(bundle, name):
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(BundleError, match=name):
        verify_bundle(bundle)


@pytest.mark.parametrize("name", ["manifest.json", "model.skops", "signature.json", "example.json"])
def test_misses_no_missing_file(bundle, name):
    (bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        verify_bundle(bundle)


@pytest.mark.parametrize("name", ["model.pkl", "MLmodel", ".hidden", "conda.yaml"])
def test_refuses_an_extra_file(bundle, name):
    (bundle / name).write_bytes(b"")
    with pytest.raises(BundleError, match="not part of a bundle"):
        verify_bundle(bundle)


def test_refuses_a_link_even_to_the_right_bytes(bundle, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(bundle / "model.skops", elsewhere)
    (bundle / "model.skops").symlink_to(elsewhere)
    with pytest.raises(BundleError, match="not a plain file"):
        verify_bundle(bundle)


def test_refuses_a_pipe_without_waiting_for_it(bundle):
    (bundle / "model.skops").unlink()
    os.mkfifo(bundle / "model.skops")
    with pytest.raises(BundleError, match="not a plain file"):
        verify_bundle(bundle)


def test_refuses_a_folder_in_place_of_a_file(bundle):
    (bundle / "model.skops").unlink()
    (bundle / "model.skops").mkdir()
    with pytest.raises(BundleError, match="not a plain file"):
        verify_bundle(bundle)


@pytest.mark.parametrize("limits", [Limits(model=100), Limits(document=100)])
def test_refuses_files_beyond_the_limits(bundle, limits):
    with pytest.raises(BundleError, match="larger than 100 bytes"):
        verify_bundle(bundle, limits)


@pytest.mark.parametrize(
    "path", ["..", "../x", "tiny", "/etc", "tiny/..", "tiny/../..", "tiny/a/b", "tiny/\0", "a\\b/c"]
)
def test_a_path_cannot_leave_the_folder_of_bundles(tmp_path, path):
    with pytest.raises(BundleError):
        bundle_folder(tmp_path, path)


@pytest.mark.parametrize("linked", ["model", "version"])
def test_a_bundle_is_not_reached_through_a_link(tiny, tmp_path, linked):
    pointer = tiny.bundle(tmp_path / "elsewhere", "1")
    bundles = tmp_path / "bundles"
    target, link = Path("tiny"), bundles / "tiny"
    if linked == "version":
        target, link = Path(pointer.bundle), bundles / pointer.bundle
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere" / target)
    with pytest.raises(BundleError, match="link"):
        bundle_folder(bundles, pointer.bundle)


def test_refuses_a_signature_of_another_model(tiny, tmp_path):
    from modelyard.testing.release_fakes import tiny_signature
    from modelyard_bundle import sha256_of

    files = {**tiny.files, "signature.json": tiny_signature(name="other").to_json()}
    manifest = tiny.manifest("1", files={name: sha256_of(content) for name, content in files.items()})
    with pytest.raises(BundleError, match="other"):
        verify_bundle(write_bundle(tmp_path, manifest, files=files))
