"""Releases of a pipeline's run: taken when a trusted key has signed them, and run by the digest of their image."""

from dataclasses import replace

import pytest

from modelyard.environment.loading import load_environment
from modelyard.errors import InvalidBundleError, ReleaseRefusedError
from modelyard.release.sealing import publish_key
from modelyard.release.signers import trusted_keys_of
from modelyard.testing.release_fakes import train_tiny
from modelyard.testing.travelling_fakes import BuildPlace, keep_scan
from modelyard_infra.stacks.releases.folder import read_releases, release_of

PUSHED = "crmyarddevweu.azurecr.io/modelyard/tiny:7"


@pytest.fixture(scope="module")
def tiny():
    return train_tiny()


@pytest.fixture
def place(tmp_path):
    return BuildPlace(home=tmp_path / "dev", environment="dev")


@pytest.fixture
def packed(place, tiny, tmp_path):
    def pack(*, scanned=True, **more):
        packed = place.pack(tiny, "7", out=tmp_path / "releases" / "release-tiny", **more)
        if scanned:
            keep_scan(packed.folder)
        return packed

    return pack


@pytest.fixture
def read(workspace, tmp_path):
    def releases(*, simulate=False, back=False):
        prod = load_environment(workspace, "prod")
        return read_releases(tmp_path / "releases", prod, workspace, simulate=simulate, back=back)

    return releases


@pytest.fixture
def trusted(place, workspace):
    """prod trusts the place where releases are built."""
    publish_key(place.sealing.signer, trusted_keys_of(load_environment(workspace, "prod"), workspace))


def test_a_release_that_a_trusted_key_signed_runs_by_its_images_digest(packed, read, trusted):
    record = packed(image=PUSHED).record
    (release,) = read()
    assert (release.model, release.version, release.digest) == ("tiny", 7, record.digest)
    assert release.image == f"modelyard/tiny@{record.image_digest}"
    assert not release.is_stand_in


def test_a_release_that_nobody_here_trusts_is_refused_but_can_be_taken_back(packed, read):
    packed(image=PUSHED)
    with pytest.raises(ReleaseRefusedError, match="is not taken") as refused:
        read()
    assert "modelyard release trust" in refused.value.hint
    assert [one.version for one in read(back=True)] == [7]


def test_a_release_that_nobody_looked_through_is_refused_but_can_be_rehearsed_and_taken_back(packed, read, trusted):
    packed(image=PUSHED, scanned=False)
    with pytest.raises(ReleaseRefusedError, match="not looked through for known vulnerabilities") as refused:
        read()
    assert "modelyard release scan tiny --from" in refused.value.hint
    assert [one.version for one in (*read(simulate=True), *read(back=True))] == [7, 7]


def test_a_release_that_was_changed_is_refused_in_a_rehearsal_too(packed, read, trusted):
    (packed(image=PUSHED).folder / "sbom.cdx.json").write_text("{}")
    for simulate in (False, True):
        with pytest.raises(InvalidBundleError, match="is not taken"):
            read(simulate=simulate)


def test_a_rehearsal_needs_no_key_of_the_environment(packed, read):
    packed(image=PUSHED)
    assert len(read(simulate=True)) == 1


def test_where_nothing_builds_images_a_rehearsal_gets_a_stand_in_that_is_called_one(packed, read):
    record = packed().record
    (release,) = read(simulate=True)
    assert release.image == f"modelyard/stand-in/tiny@sha256:{record.digest}"
    assert release.is_stand_in


def test_outside_a_rehearsal_no_image_is_no_release(packed, read, trusted):
    packed()
    with pytest.raises(ReleaseRefusedError, match="nothing built one") as refused:
        read()
    assert "modelyard release build tiny --out DIR" in refused.value.hint
    assert len(read(back=True)) == 1, "it was never deployed, and a step back says so"


def test_a_folder_without_a_release_is_refused(read, tmp_path):
    with pytest.raises(InvalidBundleError, match="holds no release"):
        read(simulate=True)


class TestRecords:
    @pytest.fixture
    def record(self, packed):
        return packed(image=PUSHED).record

    @pytest.mark.parametrize(
        "reference",
        [
            "modelyard/tiny",
            "modelyard/tiny:7",
            "localhost/modelyard/tiny:7",
            "localhost:5000/modelyard/tiny:7",
            f"crmyarddevweu.azurecr.io/modelyard/tiny@sha256:{'a' * 64}",
        ],
    )
    def test_an_image_is_the_same_wherever_it_was_pushed_first(self, record, reference):
        assert release_of(replace(record, image=reference), simulate=False).image == (
            f"modelyard/tiny@{record.image_digest}"
        )

    @pytest.mark.parametrize("reference", ["Model Yard", "-v", "a/$(id)", "a//b", ":7"])
    def test_an_image_with_another_kind_of_name_is_refused(self, record, reference):
        with pytest.raises(ReleaseRefusedError, match="is called"):
            release_of(replace(record, image=reference), simulate=True)

    def test_a_version_that_is_no_number_names_no_revision(self, record):
        with pytest.raises(ReleaseRefusedError, match="is no number"):
            release_of(replace(record, version="7.1"), simulate=True)
