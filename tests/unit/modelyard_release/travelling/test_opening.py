"""What a release's folder may not do: lie, bring a key along, hide a file. Each check left out lets one of them in."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from modelyard.errors import InvalidBundleError, ReleaseRefusedError
from modelyard.release.images.provenance import PAYLOAD_TYPE as PROVENANCE_TYPE
from modelyard.release.sealing import publish_key, sign_envelope
from modelyard.release.travelling import opening
from modelyard.release.travelling.admitting import admit_release
from modelyard.release.travelling.finding import find_releases, open_releases
from modelyard.release.travelling.opening import open_release
from modelyard.release.travelling.record import PAYLOAD_TYPE, ReleaseRecord
from modelyard.testing.travelling_fakes import BuildPlace
from modelyard_bundle import BundleError, TrustedKeys, read_bundle, sha256_of, write_atomically
from modelyard_bundle.seal import keyid_of


@pytest.fixture
def here(tmp_path, place):
    """The keys that this environment trusts: that of the place where releases are built."""
    publish_key(place.sealing.signer, tmp_path / "prod" / "trusted")
    return TrustedKeys(tmp_path / "prod" / "trusted")


def resign(packed, place, **changes):
    """The record with other content, signed by the right key, as somebody with that key could make it."""
    content = replace(packed.record, **changes).to_json()
    write_atomically(packed.folder / "release.json", content)
    sealed = sign_envelope(place.sealing.signer, content, payload_type=PAYLOAD_TYPE)
    write_atomically(packed.folder / "release.sig", sealed)


def restate(packed, place, change):
    """The provenance with other content, signed and named in the record again."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [
            {"name": "manifest.json", "digest": {"sha256": packed.record.manifest}},
            {"name": "sbom.cdx.json", "digest": {"sha256": packed.record.papers["sbom.cdx.json"]}},
            {"name": packed.record.image, "digest": {"sha256": packed.record.image_digest.removeprefix("sha256:")}},
        ],
    }
    change(statement)
    content = sign_envelope(place.sealing.signer, json.dumps(statement).encode(), payload_type=PROVENANCE_TYPE)
    write_atomically(packed.folder / "provenance.dsse.json", content)
    resign(packed, place, papers={**packed.record.papers, "provenance.dsse.json": sha256_of(content)})


def test_a_release_that_a_trusted_key_signed_is_opened(packed, here, tiny):
    found = open_release(packed.folder, here)
    assert found.record == packed.record
    assert found.files == tiny.files
    assert found.pointer.bundle == f"tiny/7-{tiny.digest[:12]}"


def test_a_scan_beside_it_is_no_reason_to_refuse_it(packed, here):
    (packed.folder / "scan.json").write_text("{}")
    assert open_release(packed.folder, here).record == packed.record


@pytest.mark.parametrize(
    "name",
    [
        *("release.json", "release.sig", "sbom.cdx.json", "provenance.dsse.json", "image.json"),
        *("bundle/manifest.json", "bundle/manifest.sig", "bundle/model.skops", "bundle/example.json"),
    ],
)
@pytest.mark.parametrize("damage", ["gone", "a byte missing", "a link"])
def test_refuses_whatever_is_not_as_it_was_signed(packed, here, tmp_path, name, damage):
    file = packed.folder / name
    if damage == "gone":
        file.unlink()
    elif damage == "a byte missing":
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2] + content[len(content) // 2 + 1 :])
    else:
        file.rename(tmp_path / "moved")
        file.symlink_to(tmp_path / "moved")
    with pytest.raises(BundleError):
        open_release(packed.folder, here)


@pytest.mark.parametrize("name", ["key.pem", "trusted", "bundle/key.pem", "provenance.json.bak", "..hidden"])
def test_no_file_comes_along_that_is_not_part_of_a_release(packed, here, place, name):
    key = next(place.sealing.trusted_keys.iterdir())
    if name == "trusted":
        shutil.copytree(place.sealing.trusted_keys, packed.folder / name)
    else:
        shutil.copy(key, packed.folder / name)
    with pytest.raises(BundleError, match="is not part of a"):
        open_release(packed.folder, here)


def test_a_release_signed_by_a_key_that_comes_along_is_refused_and_the_hint_says_who_decides(tmp_path, tiny, out, here):
    stranger = BuildPlace(home=tmp_path / "stranger")
    done = stranger.pack(tiny, "7", out=out)
    with pytest.raises(ReleaseRefusedError, match="signed by the key") as refused:
        open_releases(out, trusted_keys=here.folder)
    assert "modelyard release trust KEY.pem" in refused.value.hint
    publish_key(stranger.sealing.signer, here.folder)
    assert open_releases(out, trusted_keys=here.folder)[0].record == done.record


def test_an_unsigned_release_is_refused_where_signatures_are_asked_for(tmp_path, tiny, out, here):
    BuildPlace(home=tmp_path / "bare", signs=False).pack(tiny, "7", out=out)
    with pytest.raises(ReleaseRefusedError, match="it is not signed"):
        open_releases(out, trusted_keys=here.folder)
    assert open_releases(out, trusted_keys=None)[0].model == "tiny"


def test_the_seal_of_a_bundle_does_not_pass_for_the_signature_of_a_release(packed, here):
    shutil.copy(packed.folder / "bundle" / "manifest.sig", packed.folder / "release.sig")
    with pytest.raises(BundleError, match="needed is application/vnd"):
        open_release(packed.folder, here)


def test_a_signature_over_another_release_is_refused(packed, here, place, train, tmp_path):
    other = place.pack(train(seed=2), "8", out=tmp_path / "other")
    shutil.copy(other.folder / "release.sig", packed.folder / "release.sig")
    with pytest.raises(BundleError, match="signs another"):
        open_release(packed.folder, here)


def test_the_bundle_of_another_release_is_refused_although_it_is_signed(packed, here, place, train, tmp_path):
    other = place.pack(train(seed=2), "7", out=tmp_path / "other")
    shutil.rmtree(packed.folder / "bundle")
    shutil.copytree(other.folder / "bundle", packed.folder / "bundle")
    with pytest.raises(BundleError, match="not the manifest"):
        open_release(packed.folder, here)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "8"}, "version is not what"),
        ({"manifest": "0" * 64}, "it is about something else: 'manifest.json'"),
        ({"image_digest": "sha256:" + "0" * 64}, "it is about something else: 'registry.example"),
        ({"image": None, "image_digest": None}, "it is about something else: 'registry.example"),
        ({"commit": "another"}, "commit is not what"),
        ({"data_versions": {"CURATED/tiny": 2}}, "data_versions is not what"),
    ],
)
def test_a_record_that_contradicts_bundle_or_papers_is_refused_whoever_signed_it(packed, here, place, changes, said):
    resign(packed, place, **changes)
    with pytest.raises(BundleError, match=said):
        open_release(packed.folder, here)


def _other_image(packed, place):
    document = json.loads((packed.folder / "image.json").read_bytes())
    content = json.dumps({**document, "image_digest": "sha256:" + "0" * 64}).encode()
    write_atomically(packed.folder / "image.json", content)
    resign(packed, place, papers={**packed.record.papers, "image.json": sha256_of(content)})


def _other_subject(statement):
    statement["subject"][0]["digest"]["sha256"] = "0" * 64


def _no_image(statement):
    del statement["subject"][2]


def _one_more(statement):
    statement["subject"].append({"name": "something", "digest": {"sha256": "0" * 64}})


def _twice(statement):
    statement["subject"].append(statement["subject"][0])


def _nameless(statement):
    del statement["subject"][0]["name"]


def _no_statement(statement):
    statement["predicateType"] = "https://example.com/else"


@pytest.mark.parametrize("change", [_other_subject, _no_image, _one_more, _twice, _nameless, _no_statement])
def test_a_provenance_about_something_else_is_refused_whoever_signed_it(packed, here, place, change):
    restate(packed, place, lambda statement: None)
    assert open_release(packed.folder, here)
    restate(packed, place, change)
    with pytest.raises(BundleError, match=r"^provenance\.dsse\.json: "):
        open_release(packed.folder, here)


def test_a_provenance_that_a_stranger_signed_is_refused_although_the_record_names_it(packed, here, place, tmp_path):
    statement = json.dumps({"anything": 1}).encode()
    stranger = BuildPlace(home=tmp_path / "stranger").sealing
    content = sign_envelope(stranger.signer, statement, payload_type=PROVENANCE_TYPE)
    write_atomically(packed.folder / "provenance.dsse.json", content)
    resign(packed, place, papers={**packed.record.papers, "provenance.dsse.json": sha256_of(content)})
    with pytest.raises(BundleError, match="signed by the key"):
        open_release(packed.folder, here)


@pytest.mark.parametrize(
    ("left_out", "prepare"),
    [
        ("_check_signature", lambda packed, place: (packed.folder / "release.sig").unlink()),
        ("_check_provenance", lambda packed, place: restate(packed, place, _other_subject)),
        ("_check_listing", lambda packed, place: (packed.folder / "key.pem").write_text("a key")),
        ("_check_image", _other_image),
        ("check_seal", lambda packed, place: (packed.folder / "bundle" / "manifest.sig").unlink()),
    ],
)
def test_each_check_left_out_lets_something_in(packed, here, place, monkeypatch, left_out, prepare):
    prepare(packed, place)
    with pytest.raises(BundleError):
        open_release(packed.folder, here)
    monkeypatch.setattr(opening, left_out, lambda *_, **__: None)
    assert open_release(packed.folder, here)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "modelyard.release/2"},
        {"model": "../tiny"},
        {"digest": "12"},
        {"image": 3},
        {"image": None},
        {"papers": {"sbom.cdx.json": "0" * 64}},
        {"papers": {"sbom.cdx.json": "0", "image.json": "0" * 64, "provenance.json": "0" * 64}},
        {"promotion": None},
        {"more": 1},
    ],
)
def test_refuses_a_record_that_is_not_in_form(packed, change):
    document = json.loads(packed.record.to_json())
    with pytest.raises(BundleError, match=r"^release\.json"):
        ReleaseRecord.from_json(json.dumps({**document, **change}).encode())


class TestFinding:
    def test_one_folder_several_or_artifacts_one_level_deeper(self, place, tiny, train, out, tmp_path):
        place.pack(tiny, "7", out=out)
        place.pack(train(name="other"), "1", out=out)
        assert set(find_releases(out)) == {"other", "tiny"}
        assert set(find_releases(out, "tiny")) == set(find_releases(out / "tiny")) == {"tiny"}
        (tmp_path / "artifacts").mkdir()
        for name in ("tiny", "other"):
            (out / name).rename(tmp_path / "artifacts" / f"release-{name}")
        assert set(find_releases(tmp_path / "artifacts")) == {"other", "tiny"}
        deeper = tmp_path / "workspace"
        deeper.mkdir()
        (tmp_path / "artifacts").rename(deeper / "artifacts")
        assert set(find_releases(deeper)) == {"other", "tiny"}

    def test_where_there_is_none_the_next_command_is_said(self, tmp_path):
        with pytest.raises(InvalidBundleError, match="holds no release") as refused:
            find_releases(tmp_path)
        assert "release build" in refused.value.hint

    def test_one_that_was_not_finished_is_not_passed_over(self, packed, out):
        (packed.folder / "release.json").unlink()
        with pytest.raises(InvalidBundleError, match="was not finished"):
            find_releases(out)

    def test_a_model_that_is_not_there_is_named_with_those_that_are(self, packed, out):
        with pytest.raises(InvalidBundleError, match="no release of other; it holds tiny"):
            find_releases(out, "other")

    def test_two_releases_of_one_model_are_one_too_many(self, packed, place, train, out):
        place.pack(train(seed=2), "8", out=out / "more")
        with pytest.raises(InvalidBundleError, match="both hold a release of tiny"):
            find_releases(out)

    def test_all_are_checked_before_any_is_given(self, packed, place, train, out, here, tmp_path):
        other = place.pack(train(name="other"), "1", out=out)
        (other.folder / "bundle" / "model.skops").write_bytes(b"damaged")
        with pytest.raises(InvalidBundleError, match="release of other version 1"):
            open_releases(out, trusted_keys=here.folder)
        assert [one.model for one in open_releases(out, "tiny", trusted_keys=here.folder)] == ["tiny"]


class TestAdmitting:
    def test_the_bundle_is_put_there_as_it_was_checked(self, packed, here, tmp_path):
        release = open_release(packed.folder, here)
        shutil.rmtree(packed.folder)
        assert admit_release(release, tmp_path / "bundles", here.folder)
        folder = tmp_path / "bundles" / release.pointer.bundle
        assert read_bundle(folder).manifest == release.manifest
        assert (folder / "manifest.sig").read_bytes() == release.seal
        assert not admit_release(release, tmp_path / "bundles", here.folder)

    @pytest.mark.parametrize("damage", ["model", "seal", "link"])
    def test_one_that_is_there_and_damaged_is_replaced(self, packed, here, tmp_path, damage):
        release, bundles = open_release(packed.folder, here), tmp_path / "bundles"
        admit_release(release, bundles, here.folder)
        folder = bundles / release.pointer.bundle
        if damage == "model":
            (folder / "model.skops").write_bytes(b"damaged")
        elif damage == "seal":
            (folder / "manifest.sig").unlink()
        else:
            folder.rename(tmp_path / "moved")
            folder.symlink_to(tmp_path / "moved")
        assert admit_release(release, bundles, here.folder)
        assert read_bundle(folder).manifest == release.manifest

    def test_one_that_this_environment_sealed_itself_stays(self, packed, here, place, tiny, tmp_path):
        release = open_release(packed.folder, here)
        own = BuildPlace(home=tmp_path / "prod")
        folder = own.bundle(tiny, "7").folder
        seal = (folder / "manifest.sig").read_bytes()
        publish_key(own.sealing.signer, here.folder)
        assert keyid_of(own.sealing.signer.public_key()) in here.names()
        assert not admit_release(release, own.home / "bundles", here.folder)
        assert (folder / "manifest.sig").read_bytes() == seal
