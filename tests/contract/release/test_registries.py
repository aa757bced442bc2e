"""Every registry of images: one in memory, and Azure's behind a stand-in for its command line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelyard.errors import ExternalServiceError, MissingToolError, ReleaseRefusedError
from modelyard.release.images.registries import AzureRegistry, Image, RegistryPlace, image_named
from modelyard.testing.image_fakes import FakeRegistry

DIGEST = "sha256:" + "a1" * 32
IMAGE = Image(repository="modelyard/tiny", tag="7-abc", digest=DIGEST)


def _place(environment: str) -> RegistryPlace:
    return RegistryPlace(
        environment=environment,
        server=f"cr{environment}.azurecr.io",
        resource=f"/subscriptions/s-{environment}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/"
        f"cr{environment}",
    )


HERE, THERE = _place("test"), _place("dev")


@pytest.fixture(params=["fake", "azure"])
def registry_and_push(request):
    """A registry, and what puts an image into it or into the one that it may take images from."""
    if request.param == "azure":
        programs = request.getfixturevalue("programs")
        programs.az()
        return AzureRegistry(HERE), lambda place, image: programs.push(place.server.partition(".")[0], image)
    stores = {HERE.server: FakeRegistry(HERE.server), THERE.server: FakeRegistry(THERE.server)}
    stores[HERE.server].others.update(stores)
    return stores[HERE.server], lambda place, image: stores[place.server].images.update({str(image): image.digest})


def test_an_image_is_not_there_before_it_is_taken_and_is_the_same_afterwards(registry_and_push):
    registry, push = registry_and_push
    push(THERE, IMAGE)
    assert not registry.holds(IMAGE)
    registry.take(IMAGE, THERE)
    assert registry.holds(IMAGE)


def test_taking_it_again_changes_nothing(registry_and_push):
    registry, push = registry_and_push
    push(THERE, IMAGE)
    registry.take(IMAGE, THERE)
    registry.take(IMAGE, THERE)
    assert registry.holds(IMAGE)


def test_a_tag_that_was_moved_at_the_source_changes_nothing_for_the_digest_counts(registry_and_push):
    registry, push = registry_and_push
    push(THERE, replace(IMAGE, tag="another-name"))
    push(THERE, replace(IMAGE, digest="sha256:" + "b2" * 32))
    registry.take(IMAGE, THERE)
    assert registry.holds(IMAGE)


def test_a_tag_that_is_another_image_here_is_refused_and_stays(registry_and_push):
    registry, push = registry_and_push
    other = replace(IMAGE, digest="sha256:" + "b2" * 32)
    push(THERE, IMAGE)
    push(HERE, other)
    for ask in (registry.holds, lambda image: registry.take(image, THERE)):
        with pytest.raises(ReleaseRefusedError, match="another image") as refused:
            ask(IMAGE)
        assert DIGEST in refused.value.message
    assert registry.holds(other)


def test_a_registry_that_looks_at_tags_only_does_not_pass():
    class LooksAtTags(FakeRegistry):
        def holds(self, image):
            return str(image) in self.images

    weak = LooksAtTags(HERE.server, others={THERE.server: FakeRegistry(THERE.server)})
    stores = {HERE.server: weak, **weak.others}
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_a_tag_that_is_another_image_here_is_refused_and_stays(
            (weak, lambda place, image: stores[place.server].images.update({str(image): image.digest}))
        )


def test_an_image_that_is_not_at_the_source_is_not_taken(registry_and_push):
    registry, _ = registry_and_push
    with pytest.raises(ExternalServiceError, match="did not take modelyard/tiny:7-abc") as refused:
        registry.take(IMAGE, THERE)
    assert f"AcrPull --assignee WHO --scope {THERE.resource}" in refused.value.hint
    assert not registry.holds(IMAGE)


def test_the_azure_cli_is_asked_by_digest_and_across_subscriptions(programs):
    programs.az()
    programs.push("crdev", IMAGE)
    AzureRegistry(HERE).take(IMAGE, THERE)
    asked = programs.asked[0]
    assert asked[1:3] == ["acr", "import"]
    assert asked[asked.index("--name") + 1] == "crtest"
    assert asked[asked.index("--registry") + 1] == THERE.resource
    assert asked[asked.index("--source") + 1] == f"modelyard/tiny@{DIGEST}"
    assert asked[asked.index("--image") + 1] == "modelyard/tiny:7-abc"
    assert "--force" not in asked


def test_a_registry_that_does_not_answer_is_no_registry_without_the_image(programs):
    programs.broken("az", says="ERROR: Could not connect to the registry login server 'crtest.azurecr.io'.")
    with pytest.raises(ExternalServiceError, match="does not say whether it holds") as refused:
        AzureRegistry(HERE).holds(IMAGE)
    assert "Could not connect" in refused.value.message
    assert "modelyard doctor test" in refused.value.hint


def test_says_that_the_azure_cli_is_not_there(programs):
    with pytest.raises(MissingToolError, match="az is not on this machine"):
        AzureRegistry(HERE).holds(IMAGE)


@pytest.mark.parametrize(
    "name",
    ["cr.azurecr.io/modelyard/tiny:7-abc", "localhost/modelyard/tiny:7-abc", "localhost:5000/modelyard/tiny:7-abc"],
)
def test_a_full_name_leads_to_the_registry_and_the_image(name):
    server, image = image_named(name, DIGEST)
    assert f"{server}/{image}" == name
    assert image == IMAGE


@pytest.mark.parametrize(
    "name",
    [
        "modelyard/tiny:7-abc",
        "cr.azurecr.io/modelyard/tiny",
        "cr.azurecr.io/Modelyard/tiny:7",
        "cr.azurecr.io/modelyard/tiny:7 --force",
        "cr.azurecr.io/../tiny:7",
        "--name/x:7",
        "",
    ],
)
def test_any_other_name_is_refused(name):
    with pytest.raises(ReleaseRefusedError, match="is in no registry"):
        image_named(name, DIGEST)
