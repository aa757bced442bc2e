"""Every builder: one in memory, Docker and the Azure CLI as stand-ins on PATH, and buildah itself where it is there."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from modelyard.environment import load_environment
from modelyard.environment.workspace import Workspace
from modelyard.errors import ConfigurationError, MissingToolError, ReleaseRefusedError, ServiceUnavailableError
from modelyard.release.images.builder import BuildOrder
from modelyard.release.images.choosing import builder_of
from modelyard.release.images.commands import BuildahBuilder, DockerBuilder, RegistryBuilder, docker_runs
from modelyard.testing.image_fakes import FakeBuilder


@pytest.fixture(params=["fake", "docker", "acr", "buildah"])
def builder(request, tmp_path, monkeypatch):
    if request.param == "buildah":
        if shutil.which("buildah") is None or os.geteuid() != 0:
            pytest.skip("buildah is not installed here, or this is not root: the other builders are tested without it")
        places = ("--root", str(tmp_path / "storage"), "--runroot", str(tmp_path / "run"))
        return BuildahBuilder(options=places, environment={"STORAGE_DRIVER": "vfs"})
    programs = request.getfixturevalue("programs")
    if request.param == "docker":
        programs.docker()
        return DockerBuilder()
    if request.param == "acr":
        programs.az()
        return RegistryBuilder("crexample.azurecr.io")
    return FakeBuilder()


@pytest.fixture
def order(tmp_path):
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("ARG WORD=none\nFROM scratch\nARG WORD\nCOPY file /file\nLABEL word=${WORD}\n")
    (context / "file").write_text("content")
    return BuildOrder(
        context=context,
        dockerfile="Dockerfile",
        reference="modelyard/tiny:1",
        arguments={"WORD": "a word with spaces; and $signs"},
        epoch=1_700_000_000,
    )


def test_there_is_no_image_before_it_is_built_and_one_afterwards(builder, order):
    assert builder.find(order.reference) is None
    built = builder.build(order)
    assert built.reference.endswith(order.reference)
    assert built.digest.startswith("sha256:")
    assert len(built.digest) == len("sha256:") + 64
    assert builder.find(order.reference) == built
    assert builder.find(built.reference) == built
    assert builder.find("modelyard/tiny:2") is None


def test_building_the_same_again_is_the_same_image(builder, order):
    assert builder.build(order) == builder.build(order)


def test_another_folder_or_another_argument_is_another_image(builder, order):
    first = builder.build(order).digest
    second = builder.build(replace(order, arguments={"WORD": "another"})).digest
    (order.context / "file").write_text("other content")
    assert len({first, second, builder.build(order).digest}) == 3


def test_a_build_that_fails_says_why_and_what_it_was_built_from(builder, order):
    (order.context / "Dockerfile").unlink()
    with pytest.raises(ReleaseRefusedError, match="could not be built") as refused:
        builder.build(order)
    assert str(order.context) in refused.value.hint
    assert builder.find(order.reference) is None


def test_docker_is_told_everything_and_gets_no_network(programs, order):
    programs.docker()
    DockerBuilder("cr.example.io").build(order)
    build, push, inspect = (words for words in programs.asked if words[1] != "version")
    assert build[:4] == ["docker", "build", "--network", "none"]
    assert build[build.index("--platform") + 1] == "linux/amd64"
    assert build[build.index("--tag") + 1] == "cr.example.io/modelyard/tiny:1"
    assert [build[i + 1] for i, word in enumerate(build) if word == "--build-arg"] == [
        "SOURCE_DATE_EPOCH=1700000000",
        "WORD=a word with spaces; and $signs",
    ]
    assert build[-1] == str(order.context)
    assert push == ["docker", "push", "--quiet", "cr.example.io/modelyard/tiny:1"]
    assert inspect[1:3] == ["image", "inspect"]


def test_without_a_registry_nothing_is_pushed(programs, order):
    programs.docker()
    DockerBuilder().build(order)
    assert not [words for words in programs.asked if "push" in words]


def test_says_that_the_base_image_cannot_be_had_and_how_to_go_on_without(programs, order):
    programs.broken("buildah", says="Error: pinging container registry: no such host")
    with pytest.raises(ServiceUnavailableError, match="no such host") as refused:
        BuildahBuilder().build(replace(order, base="docker.io/library/python:3.11-slim-bookworm"))
    assert "--no-image" in refused.value.hint


def test_the_registry_is_told_everything_by_the_azure_cli(programs, order):
    programs.az()
    built = RegistryBuilder("crexample.azurecr.io").build(order)
    build, show = programs.asked
    assert build[:7] == ["az", "acr", "build", "--registry", "crexample", "--image", "modelyard/tiny:1"]
    assert build[build.index("--platform") + 1] == "linux/amd64"
    assert build[build.index("--file") + 1] == str(order.context / "Dockerfile")
    assert build[build.index("--build-arg") + 1] == "WORD=a word with spaces; and $signs"
    assert build[-1] == str(order.context)
    assert show[1:8] == ["acr", "repository", "show", "--name", "crexample", "--image", "modelyard/tiny:1"]
    assert built.reference == "crexample.azurecr.io/modelyard/tiny:1"


@pytest.mark.parametrize("builder_class", [DockerBuilder, BuildahBuilder, lambda: RegistryBuilder("x.azurecr.io")])
def test_says_that_the_program_is_not_there_and_what_to_do(programs, order, builder_class):
    with pytest.raises(MissingToolError, match="is not on this machine") as missing:
        builder_class().build(order)
    assert missing.value.hint


def test_a_docker_without_its_daemon_does_not_count(programs):
    assert not docker_runs()
    programs.broken("docker", says="Cannot connect to the Docker daemon at unix:///var/run/docker.sock.")
    assert not docker_runs()
    programs.docker()
    assert docker_runs()


@pytest.fixture
def environment(request, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(request.config.rootpath / "environments", root / "environments")
    workspace = Workspace(root=root, state=tmp_path / "state")

    def load(name, builder="auto"):
        base = workspace.environments / "base.yaml"
        base.write_text(base.read_text().replace("  builder: auto #", f"  builder: {builder} #"))
        return load_environment(workspace, name)

    return load


def test_on_one_machine_docker_comes_first_then_buildah_then_nothing(programs, environment):
    local = environment("local")
    assert builder_of(local, None) is None
    programs.broken("buildah", says="", code=0)
    assert builder_of(local, None) == BuildahBuilder()
    programs.docker()
    assert builder_of(local, None) == DockerBuilder()
    programs.broken("docker", says="no daemon")
    assert builder_of(local, None) == BuildahBuilder()


def test_in_azure_the_registry_builds_unless_the_environment_says_otherwise(programs, environment):
    assert builder_of(environment("dev"), "crexample.azurecr.io") == RegistryBuilder("crexample.azurecr.io")
    assert builder_of(environment("dev", "docker"), "cr.azurecr.io") == DockerBuilder("cr.azurecr.io")


def test_nothing_builds_where_the_environment_says_so(programs, environment):
    programs.docker()
    assert builder_of(environment("local", "none"), None) is None


def test_says_that_there_is_no_registry_yet(programs, environment):
    with pytest.raises(ConfigurationError, match="no container registry") as refused:
        builder_of(environment("dev"), None)
    assert "modelyard infra up dev" in refused.value.hint
