"""`modelyard release build --out`: what was promoted becomes a folder that other environments take."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.errors import ReleaseRefusedError
from modelyard.release.signers import trusted_keys_of
from modelyard.release.travelling.finding import open_releases
from modelyard.release.travelling.opening import read_record
from modelyard.testing.image_fakes import FakePrograms
from modelyard_pipelines.commands import release as commands
from modelyard_pipelines.model.promoting import promote
from modelyard_pipelines.model.staging import stage

REPOSITORY = Path(__file__).resolve().parents[3]
NAME = "parcel_delay"


@pytest.fixture
def build(platform, tmp_path, monkeypatch):
    """`modelyard release build … --out DIR`, on a machine with stand-ins for uv and Docker."""
    programs = FakePrograms(tmp_path / "programs")
    programs.uv("numpy", "orjson")
    programs.docker()
    programs.broken("git", says="not a repository")
    monkeypatch.setenv("PATH", str(programs.folder))
    for name in ("uv.lock", "ml/serving/Dockerfile", "ml/serving/model.Dockerfile"):
        (platform.workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, platform.workspace.root / name)
    monkeypatch.setattr(commands, "open_platform", lambda _: platform)

    def run(*words):
        return CliRunner().invoke(commands.release, ["build", NAME, *map(str, words), "--format", "json"])

    return run


@pytest.fixture
def promoted(platform, register):
    def done(reason):
        register()
        stage(platform, NAME)
        return promote(platform, NAME, by="Ada", reason=reason, note=lambda line: None, override=True).entry

    return done


def test_the_promoted_version_is_packed_with_its_image_and_the_decision(platform, promoted, build, tmp_path):
    entry = promoted("the first")
    document = json.loads(build("--out", tmp_path / "out").stdout)
    assert document["release"] == {"folder": str(tmp_path / "out" / NAME), "changed": True}
    trusted = trusted_keys_of(platform.environment, platform.workspace)
    (found,) = open_releases(tmp_path / "out", trusted_keys=trusted)
    assert (found.record.version, found.record.digest) == ("1", document["digest"])
    assert found.record.image == document["image"]["image"]
    assert found.record.image_digest == document["image"]["image_digest"]
    assert (found.record.promotion.reason, found.record.promotion.hash) == ("the first", entry.hash)


def test_packed_again_nothing_changes_and_the_next_version_needs_a_folder_of_its_own(
    platform, promoted, build, tmp_path
):
    promoted("the first")
    build("--out", tmp_path / "out")
    assert json.loads(build("--out", tmp_path / "out").stdout)["release"]["changed"] is False
    promoted("the second")
    refused = build("--out", tmp_path / "out").exception
    assert isinstance(refused, ReleaseRefusedError)
    assert f"holds the release of {NAME} version 1, and this is {NAME} version 2" in refused.message
    assert read_record(tmp_path / "out" / NAME).version == "1"
    assert build("--out", tmp_path / "other").exit_code == 0


def test_without_papers_nothing_travels(promoted, build, tmp_path):
    ended = build("--out", tmp_path / "out", "--no-image")
    assert ended.exit_code == 2
    assert "carries its papers" in ended.output
