"""`modelyard release build` as a workflow: with Docker, and on a machine that builds no images."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import MissingToolError
from modelyard.release.bundling import Bundle
from modelyard.release.signers import sealing_of
from modelyard.testing.image_fakes import FakePrograms
from modelyard.testing.platforms import bare_platform
from modelyard.testing.release_fakes import train_tiny
from modelyard_bundle import write_bundle
from modelyard_pipelines.commands.release import _image_lines
from modelyard_pipelines.release.images import NO_BUILDER, build_image, build_jobs

ROOT = Path(__file__).resolve().parents[3]


def quiet(line):
    del line


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Only git and the stand-ins are there, so that no real builder is."""
    folder = tmp_path / "programs"
    programs = FakePrograms(folder)
    programs.uv("numpy", "orjson")
    programs.broken("git", says="not a repository")
    monkeypatch.setenv("PATH", str(folder))
    return programs


@pytest.fixture
def platform(tmp_path):
    return bare_platform(ROOT, tmp_path / "state")


@pytest.fixture
def bundle(platform):
    tiny = train_tiny()
    manifest = tiny.manifest("1")
    seal = sealing_of(platform.environment, platform.workspace).seal(manifest.to_json())
    folder = write_bundle(Path(platform.connections.bundles), manifest, files=tiny.files, seal=seal)
    return Bundle(manifest=manifest, folder=folder, changed=True)


def test_without_a_builder_it_says_plainly_that_there_is_no_image_and_how_to_get_one(platform, bundle, programs):
    report = build_image(platform, bundle, note=quiet)
    said = "\n".join(_image_lines(report))
    assert NO_BUILDER in said
    assert "Install Docker or buildah" in said
    assert str(report.context) in said
    assert report.papers == Path(platform.connections.bundles).parent / "releases" / bundle.pointer.bundle
    assert all(str(path) in said for path in report.papers.iterdir() if path.name != "image.json")


def test_with_docker_it_says_what_the_image_is_called(platform, bundle, programs):
    programs.docker()
    report = build_image(platform, bundle, note=quiet)
    assert report.built
    said = "\n".join(_image_lines(report))
    assert f"{report.record.image} (built by docker, 0 MB)" in said
    assert report.record.image_digest in said
    assert "(as it was" in "\n".join(_image_lines(build_image(platform, bundle, note=quiet)))


def test_the_image_of_the_jobs_holds_the_environments_and_models_of_this_checkout(platform, programs):
    programs.docker()
    report = build_jobs(platform, note=quiet)
    assert report.reference.startswith("modelyard/jobs:")
    assert (report.context / "project" / "environments" / "local.yaml").is_file()
    assert (report.context / "project" / "ml" / "models" / "flight_delay" / "model.py").is_file()
    assert build_jobs(platform, note=quiet) == report


def test_without_uv_it_says_what_to_do(platform, bundle, programs, monkeypatch):
    (programs.folder / "uv").unlink()
    monkeypatch.setattr("sys.executable", str(programs.folder / "python"))
    with pytest.raises(MissingToolError, match="uv is not on this machine") as refused:
        build_image(platform, bundle, note=quiet)
    assert refused.value.hint == "make setup"
