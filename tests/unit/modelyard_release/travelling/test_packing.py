"""A release is packed once, whole, and never over another one."""

from __future__ import annotations

import json
import shutil

import pytest

from modelyard.errors import ReleaseRefusedError
from modelyard.release.travelling import packing
from modelyard.release.travelling.opening import open_release, read_record
from modelyard_bundle import TrustedKeys, sha256_of


def content_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_says_what_it_is_and_on_whose_decision(packed, tiny, place):
    document = json.loads((packed.folder / "release.json").read_bytes())
    assert (document["model"], document["version"], document["digest"]) == ("tiny", "7", tiny.digest)
    assert document["manifest"] == sha256_of((packed.folder / "bundle" / "manifest.json").read_bytes())
    assert document["image"] == "registry.example/modelyard/tiny:7"
    assert document["image_digest"].startswith("sha256:")
    assert document["signed_by"] in TrustedKeys(place.sealing.trusted_keys).names()
    assert (document["commit"], document["built_in"]) == ("unknown", "dev")
    assert document["data_versions"] == {"CURATED/tiny": 1}
    assert (document["promotion"]["by"], document["promotion"]["evidence"]) == ("Ada", "e" * 64)


def test_it_holds_bundle_papers_and_signature_and_no_key(packed, place):
    names = set(content_of(packed.folder))
    files = ("manifest.json", "manifest.sig", "model.skops", "signature.json", "example.json")
    assert names == {
        *(f"bundle/{name}" for name in files),
        *("release.json", "release.sig", "sbom.cdx.json", "provenance.dsse.json", "image.json"),
    }
    for content in content_of(packed.folder).values():
        assert b"PRIVATE KEY" not in content
        assert b"PUBLIC KEY" not in content


def test_packed_again_it_stays_as_it_is(packed, place, tiny, out):
    (packed.folder / "scan.json").write_text("{}")
    before = content_of(packed.folder)
    again = place.pack(tiny, "7", out=out, image="registry.example/modelyard/tiny:7")
    assert (again.changed, again.record) == (False, packed.record)
    assert content_of(packed.folder) == before


@pytest.mark.parametrize(
    "name", ["release.json", "release.sig", "bundle/model.skops", "sbom.cdx.json", "provenance.dsse.json"]
)
def test_one_that_is_damaged_or_not_finished_is_packed_anew(packed, place, tiny, out, name):
    before = content_of(packed.folder)
    (packed.folder / name).unlink()
    again = place.pack(tiny, "7", out=out, image="registry.example/modelyard/tiny:7")
    assert again.changed
    assert content_of(packed.folder) == before


def test_a_release_of_another_version_is_never_replaced(packed, place, train, out):
    with pytest.raises(ReleaseRefusedError, match="holds the release of tiny version 7, and this is tiny version 8"):
        place.pack(train(seed=2), "8", out=out)
    assert read_record(packed.folder) == packed.record


def test_a_folder_with_something_else_is_never_replaced(place, tiny, out):
    (out / "tiny").mkdir(parents=True)
    (out / "tiny" / "thesis.txt").write_text("years of work")
    with pytest.raises(ReleaseRefusedError, match=r"holds thesis\.txt"):
        place.pack(tiny, "7", out=out)
    assert (out / "tiny" / "thesis.txt").read_text() == "years of work"


def test_a_record_that_cannot_be_read_is_not_guessed_at(packed, place, tiny, out):
    (packed.folder / "release.json").write_text("{")
    with pytest.raises(ReleaseRefusedError, match="cannot be read"):
        place.pack(tiny, "7", out=out)


def test_a_link_is_not_followed(packed, place, tiny, out, tmp_path):
    packed.folder.rename(tmp_path / "elsewhere")
    packed.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReleaseRefusedError, match="is no folder"):
        place.pack(tiny, "7", out=out)


class Killed(BaseException):
    """Like a kill, nothing that runs on an error is counted on."""


def test_killed_at_any_write_and_run_again_it_ends_right(place, tiny, out, monkeypatch):
    """And whatever the kill has left behind does not count as a release."""
    writes = []
    real = packing.write_atomically

    def dying(path, content):
        if len(writes) == dying.at:
            raise Killed
        writes.append(path.name)
        real(path, content)

    monkeypatch.setattr(packing, "write_atomically", dying)
    monkeypatch.setattr(packing.shutil, "rmtree", lambda *_, **__: None)
    for dying.at in range(10):
        writes.clear()
        with pytest.raises(Killed):
            place.pack(tiny, "7", out=out)
        assert not (out / "tiny").exists()
    assert writes[-1] == "release.sig"
    monkeypatch.undo()
    done = place.pack(tiny, "7", out=out)
    open_release(done.folder, TrustedKeys(place.sealing.trusted_keys))
    assert [path.name for path in out.iterdir()] == ["tiny"]


def test_where_nobody_signs_it_travels_unsigned(tmp_path, tiny, out):
    from modelyard.testing.travelling_fakes import BuildPlace

    done = BuildPlace(home=tmp_path / "bare", signs=False).pack(tiny, "7", out=out)
    assert done.record.signed_by is None
    assert not (done.folder / "release.sig").exists()
    assert open_release(done.folder, None).record == done.record
    shutil.rmtree(done.folder)
