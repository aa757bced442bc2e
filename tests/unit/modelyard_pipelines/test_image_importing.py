"""Images of releases come into the registry of the environment that they are released to, or nothing does."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ExternalServiceError, InvalidBundleError, ReleaseRefusedError
from modelyard.release.images.registries import RegistryPlace
from modelyard.release.sealing import publish_key
from modelyard.release.signers import trusted_keys_of
from modelyard.testing.image_fakes import FakeRegistry
from modelyard.testing.release_fakes import train_tiny
from modelyard.testing.travelling_fakes import BuildPlace
from modelyard_pipelines.commands.travelling import import_images
from modelyard_pipelines.release.importing import import_from


@pytest.fixture(scope="module")
def tiny():
    return train_tiny()


@pytest.fixture
def workspace(request, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(request.config.rootpath / "environments", root / "environments")
    return Workspace(root=root, state=tmp_path / "state")


@pytest.fixture
def places(workspace):
    return {name: RegistryPlace.of(load_environment(workspace, name)) for name in ("dev", "test", "prod")}


@pytest.fixture
def built(tmp_path):
    return BuildPlace(home=tmp_path / "built", environment="dev")


@pytest.fixture
def packed(built, tiny, places, tmp_path):
    """A release of version 7, with its image in dev's registry unless told otherwise."""

    def pack(image=f"{places['dev'].server}/modelyard/tiny:7-abc"):
        return built.pack(tiny, "7", out=tmp_path / "releases" / "release-tiny", image=image)

    return pack


@pytest.fixture
def registries(places):
    """Every environment's registry; each can reach the others."""
    found = {place.server: FakeRegistry(place.server) for place in places.values()}
    for one in found.values():
        one.others.update(found)
    return found


@pytest.fixture
def bring(workspace, registries, tmp_path):
    def run(environment="test", name=None):
        return import_from(
            workspace,
            load_environment(workspace, environment),
            tmp_path / "releases",
            name,
            open_registry=lambda place: registries[place.server],
        )

    return run


@pytest.fixture
def trusted(built, workspace):
    """Whoever runs a release trusts the place where it was built."""
    for name in ("dev", "test", "prod", "local"):
        publish_key(built.sealing.signer, trusted_keys_of(load_environment(workspace, name), workspace))


@pytest.fixture
def pushed(packed, registries, places):
    """The release, and its image in dev's registry."""
    record = packed().record
    registries[places["dev"].server].images["modelyard/tiny:7-abc"] = record.image_digest
    return record


def test_the_same_image_by_its_digest_goes_through_all_environments(pushed, bring, trusted, registries, places):
    for name in ("test", "prod"):
        (done,) = bring(name)
        assert done.changed
        assert done.image == f"modelyard/tiny:7-abc@{pushed.image_digest}"
        assert (done.source, done.registry) == (places["dev"].server, places[name].server)
    assert {registry.images["modelyard/tiny:7-abc"] for registry in registries.values()} == {pushed.image_digest}


def test_bringing_it_again_changes_nothing(pushed, bring, trusted):
    assert [bring()[0].changed, bring()[0].changed] == [True, False]


def test_where_it_was_built_it_is_there_already(pushed, bring, trusted):
    assert not bring("dev")[0].changed


def test_an_environment_without_a_registry_has_nothing_to_bring(packed, bring, trusted):
    packed(image=None)
    (done,) = bring("local")
    assert (done.image, done.registry, done.changed) == (None, None, False)


def test_a_release_that_nobody_here_trusts_brings_no_image(pushed, bring, registries, places):
    with pytest.raises(ReleaseRefusedError, match="is not taken"):
        bring()
    assert not registries[places["test"].server].images


def test_a_release_that_was_changed_brings_no_image(packed, bring, trusted, registries, places):
    (packed().folder / "release.json").write_text("{}")
    with pytest.raises(InvalidBundleError):
        bring()
    assert not registries[places["test"].server].images


def test_a_release_without_an_image_is_refused_where_images_run(packed, bring, trusted):
    packed(image=None)
    with pytest.raises(ReleaseRefusedError, match="has no image") as refused:
        bring()
    assert "modelyard release build tiny --out DIR" in refused.value.hint


def test_an_image_that_is_on_one_machine_only_is_refused(packed, bring, trusted):
    packed(image="modelyard/tiny:7-abc")
    with pytest.raises(ReleaseRefusedError, match="is in no registry"):
        bring()


def test_an_image_in_somebody_elses_registry_is_refused(packed, bring, trusted, places):
    packed(image="crsomebodyelse.azurecr.io/modelyard/tiny:7-abc")
    with pytest.raises(ReleaseRefusedError, match=r"crsomebodyelse\.azurecr\.io") as refused:
        bring()
    assert places["dev"].server in refused.value.message


def test_a_registry_that_takes_an_image_and_does_not_hold_it_is_found_out(pushed, bring, trusted, registries, places):
    class Forgets(FakeRegistry):
        def take(self, image, source):
            del image, source

    registries[places["test"].server] = Forgets(places["test"].server)
    with pytest.raises(ExternalServiceError, match="does not hold it"):
        bring()


def test_an_image_that_cannot_be_had_names_the_role_and_the_registry(packed, bring, trusted, places):
    packed()
    with pytest.raises(ExternalServiceError, match="did not take") as refused:
        bring()
    assert places["dev"].resource in refused.value.hint


def test_the_registrys_id_is_the_one_that_the_environments_file_leads_to(workspace):
    dev = load_environment(workspace, "dev")
    place = RegistryPlace.of(dev)
    assert place.resource.startswith(f"/subscriptions/{dev.azure.subscription_id}/resourceGroups/rg-")
    assert place.resource.endswith(f"/registries/{place.server.partition('.')[0]}")
    moved = dev.model_copy(update={"azure": dev.azure.model_copy(update={"naming_prefix": "other"})})
    assert RegistryPlace.of(moved) != replace(place, environment="dev")
    assert RegistryPlace.of(load_environment(workspace, "local")) is None


def test_the_command_says_what_became_of_every_image(packed, workspace, trusted, monkeypatch, tmp_path):
    packed(image=None)
    monkeypatch.chdir(workspace.root)
    monkeypatch.setenv("MODELYARD_STATE", str(workspace.state))
    words = ["--from", str(tmp_path / "releases"), "--env", "local"]
    said = CliRunner().invoke(import_images, words)
    assert said.exit_code == 0, said.output
    assert said.stdout == "tiny version 7: no registry here, so its image stays where it is\n"
    asked = CliRunner().invoke(import_images, [*words, "--format", "json"])
    assert [one["model"] for one in json.loads(asked.stdout)["releases"]] == ["tiny"]
