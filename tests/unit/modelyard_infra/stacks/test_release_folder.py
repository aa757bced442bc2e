"""A folder of releases, as a pipeline hands it from stage to stage."""

import json

import pytest

from modelyard.errors import ConfigurationError, InvalidBundleError, ReleaseRefusedError
from modelyard_infra.stacks.releases.folder import read_releases

BUNDLE, IMAGE = "b" * 64, "a" * 64
GOOD = {"model": "flight_delay", "version": 2, "digest": BUNDLE, "image": "modelyard/flight-delay:2"}
PINNED = {**GOOD, "image_digest": f"sha256:{IMAGE}"}


@pytest.fixture
def folder(tmp_path):
    def write(document, place="release-flight_delay"):
        file = tmp_path / "releases" / place / "release.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return tmp_path / "releases"

    return write


@pytest.mark.parametrize("place", [".", "flight_delay", "release-flight_delay/flight_delay"])
def test_a_release_is_found_wherever_an_artifact_puts_it(folder, place):
    (release,) = read_releases(folder(PINNED, place), simulate=False)
    assert (release.model, release.version, release.digest) == ("flight_delay", 2, BUNDLE)
    assert release.image == f"modelyard/flight-delay@sha256:{IMAGE}"
    assert not release.is_stand_in


@pytest.mark.parametrize(
    "reference",
    [
        "modelyard/flight-delay",
        "modelyard/flight-delay:2",
        "localhost/modelyard/flight-delay:2",
        "localhost:5000/modelyard/flight-delay:2",
        f"crmyarddevweu.azurecr.io/modelyard/flight-delay@sha256:{IMAGE}",
    ],
)
def test_an_image_is_the_same_wherever_it_was_pushed_first(folder, reference):
    (release,) = read_releases(folder({**PINNED, "image": reference}), simulate=False)
    assert release.image == f"modelyard/flight-delay@sha256:{IMAGE}"


def test_a_reference_that_is_pinned_needs_no_digest_beside_it(folder):
    (release,) = read_releases(folder({**GOOD, "image": f"modelyard/x@sha256:{IMAGE}"}), simulate=False)
    assert release.image.endswith(IMAGE)


def test_models_come_in_the_order_of_their_names(folder):
    folder({**PINNED, "model": "b_model"}, "one")
    found = read_releases(folder({**PINNED, "model": "a_model"}, "two"), simulate=False)
    assert [one.model for one in found] == ["a_model", "b_model"]


def test_where_nothing_builds_images_a_rehearsal_gets_a_stand_in_that_is_called_one(folder):
    (release,) = read_releases(folder({**GOOD, "image": None}), simulate=True)
    assert release.image == f"modelyard/stand-in/flight-delay@sha256:{BUNDLE}"
    assert release.is_stand_in


@pytest.mark.parametrize(("image", "said"), [(None, "nothing built one"), ("modelyard/x:2", "a tag can be moved")])
def test_outside_a_rehearsal_no_image_is_no_release(folder, image, said):
    with pytest.raises(ReleaseRefusedError, match=said) as refused:
        read_releases(folder({**GOOD, "image": image}), simulate=False)
    assert "modelyard release build flight_delay --out DIR" in refused.value.hint


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "is no release"),
        ("[]", "is no release"),
        ({**PINNED, "version": 0}, "version: "),
        ({**PINNED, "digest": "b"}, "digest: "),
        ({**PINNED, "model": "Flight-Delay"}, "model: "),
        ({**PINNED, "image": "Model Yard"}, "image: "),
        ({**PINNED, "image": "-v"}, "image: "),
        ({**PINNED, "image_digest": "sha256:a"}, "image_digest: "),
    ],
)
def test_what_is_no_release_is_named_with_its_file(folder, document, said):
    with pytest.raises(InvalidBundleError, match=said) as refused:
        read_releases(folder(document), simulate=True)
    assert "release-flight_delay/release.json" in refused.value.message


def test_a_folder_without_a_release_is_refused_and_so_is_none(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=r"no release\.json in it"):
        read_releases(tmp_path / "empty", simulate=True)
    with pytest.raises(ConfigurationError, match="no such folder"):
        read_releases(tmp_path / "missing", simulate=True)


def test_two_releases_of_one_model_are_refused_and_the_same_one_twice_is_not(folder):
    folder(PINNED, "one")
    assert len(read_releases(folder(PINNED, "two"), simulate=True)) == 1
    with pytest.raises(ConfigurationError, match="two releases of flight_delay"):
        read_releases(folder({**PINNED, "version": 3}, "two"), simulate=True)
