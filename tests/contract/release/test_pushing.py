"""An image that was pushed is known by the digest that the registry holds, and one that was not is none."""

from __future__ import annotations

import os
import shutil

import pytest

from modelyard.errors import ReleaseRefusedError
from modelyard.release.images.builder import BuildOrder
from modelyard.release.images.commands import BuildahBuilder, DockerBuilder
from modelyard.testing.oci_registry import listening


@pytest.fixture
def order(tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch\nCOPY file /file\n")
    (context / "file").write_text("content\n" * 1000)
    return BuildOrder(context=context, dockerfile="Dockerfile", reference="modelyard/tiny:1", epoch=1_700_000_000)


class TestDocker:
    @pytest.fixture(autouse=True)
    def docker(self, programs):
        programs.docker()

    def test_the_registrys_digest_counts_and_not_the_images_own(self, order):
        pushed = DockerBuilder("cr.example.io").build(order)
        assert pushed.digest != DockerBuilder().build(order).digest
        assert DockerBuilder("cr.example.io").find(order.reference) == pushed

    def test_what_was_built_and_not_pushed_is_not_there(self, programs, order):
        docker = DockerBuilder("cr.example.io")
        (programs.folder / "images.json").write_text('{"cr.example.io/modelyard/tiny:1": "sha256:own"}')
        assert docker.find(order.reference) is None
        docker.build(order)
        assert docker.find(order.reference) is not None


@pytest.mark.skipif(
    shutil.which("buildah") is None or os.geteuid() != 0, reason="buildah is not installed here, or this is not root"
)
class TestBuildah:
    @pytest.fixture
    def registry(self):
        with listening() as registry:
            yield registry

    @pytest.fixture
    def builder(self, registry, tmp_path):
        trusting = tmp_path / "registries.conf"
        trusting.write_text(f'[[registry]]\nlocation = "{registry.server}"\ninsecure = true\n')
        places = ("--root", str(tmp_path / "storage"), "--runroot", str(tmp_path / "run"))
        around = {"STORAGE_DRIVER": "vfs", "CONTAINERS_REGISTRIES_CONF": str(trusting)}
        return BuildahBuilder(registry.server, options=places, environment=around)

    def test_the_digest_is_the_one_that_the_registry_holds(self, builder, registry, order):
        built = builder.build(order)
        assert built.reference == f"{registry.server}/modelyard/tiny:1"
        assert built.digest == registry.digest_of("modelyard/tiny:1")
        assert builder.find(order.reference) == built

    def test_the_digest_without_a_registry_would_have_been_another(self, builder, registry, order):
        alone = BuildahBuilder(options=builder.options, environment=builder.environment)
        assert alone.build(order).digest != builder.build(order).digest

    def test_building_the_same_again_pushes_the_same(self, builder, registry, order):
        assert builder.build(order) == builder.build(order)
        assert len({name for name in registry.manifests if "@" in name}) == 1

    def test_what_could_not_be_pushed_is_not_there_and_the_next_build_pushes_it(self, builder, registry, order):
        registry.uploads.clear()
        away = BuildahBuilder("127.0.0.1:9", options=builder.options, environment=builder.environment)
        with pytest.raises(ReleaseRefusedError, match="could not be built"):
            away.build(order)
        assert away.find(order.reference) is None
        assert builder.build(order).digest == registry.digest_of("modelyard/tiny:1")
