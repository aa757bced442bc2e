"""A checkout in miniature: a lock, Dockerfiles, and a uv that needs no network."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from modelyard.release.bundling import Bundle
from modelyard.release.images.building import ImageBuilding
from modelyard.release.sealing import LocalSigner, Sealing
from modelyard.testing.image_fakes import FakeBuilder, FakePrograms
from modelyard.testing.release_fakes import train_tiny
from modelyard_bundle import write_bundle

REPOSITORY = Path(__file__).resolve().parents[4]
LOCK = """
[[package]]
name = "numbers"
version = "1.0.0"
wheels = [{{ url = "x", hash = "sha256:{numbers}", upload-time = "2026-01-02T03:04:05.5Z" }}]

[[package]]
name = "model-api"
version = "1.0.0"
dependencies = [{{ name = "numbers" }}, {{ name = "not-here", marker = "sys_platform == 'win32'" }}]
wheels = [{{ url = "x", hash = "sha256:{model_api}", upload-time = "2026-03-02T00:00:00Z" }}]

[[package]]
name = "modelyard-serving"
source = {{ editable = "ml/serving" }}
dependencies = [{{ name = "model-api" }}, {{ name = "modelyard-bundle" }}]

[[package]]
name = "elsewhere"
version = "9"
wheels = [{{ url = "x", hash = "sha256:00", upload-time = "2099-01-01T00:00:00Z" }}]
"""


def digest(name):
    return hashlib.sha256(f"wheel of {name}".encode()).hexdigest()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    programs = FakePrograms(folder)
    programs.uv("numbers", "model_api")
    return programs


@pytest.fixture
def root(tmp_path):
    """The checkout."""
    root = tmp_path / "checkout"
    for name in ("ml/serving/Dockerfile", "ml/serving/model.Dockerfile", "ml/training/Dockerfile"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    (root / "uv.lock").write_text(LOCK.format(numbers=digest("numbers"), model_api=digest("model_api")))
    return root


@pytest.fixture(scope="session")
def model():
    return train_tiny()


@pytest.fixture
def sealing(tmp_path):
    return Sealing(signer=LocalSigner(tmp_path / "key.pem"), trusted_keys=tmp_path / "trusted")


@pytest.fixture
def bundle(model, sealing, tmp_path):
    manifest = model.manifest("7")
    seal = sealing.seal(manifest.to_json())
    folder = write_bundle(tmp_path / "bundles", manifest, files=model.files, seal=seal)
    return Bundle(manifest=manifest, folder=folder, changed=True)


@pytest.fixture
def builder():
    return FakeBuilder()


@pytest.fixture
def building(programs, root, tmp_path, builder, sealing):
    return ImageBuilding(
        environment="local",
        root=root,
        state=tmp_path / "state",
        releases=tmp_path / "releases",
        base="docker.io/library/python:3.11-slim-bookworm",
        builder=builder,
        sealing=sealing,
    )
