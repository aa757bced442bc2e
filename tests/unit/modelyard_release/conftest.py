from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from modelyard.release.bundling import RegisteredModel
from modelyard.testing.release_fakes import TinyModel, train_tiny


@cache
def tiny_model(**options: Any) -> TinyModel:
    return train_tiny(**options)


@pytest.fixture(scope="session")
def train() -> Callable[..., TinyModel]:
    return tiny_model


@pytest.fixture(scope="session")
def tiny() -> TinyModel:
    return tiny_model()


@pytest.fixture
def registered(tiny: TinyModel) -> RegisteredModel:
    """What the registry says about the tiny model."""
    manifest = tiny.manifest("3")
    return RegisteredModel(**{name: getattr(manifest, name) for name in RegisteredModel.__slots__})


@pytest.fixture
def fetch(tiny: TinyModel) -> Callable[[Path], None]:
    """Downloads the tiny model."""

    def download(folder: Path) -> None:
        for name, content in tiny.files.items():
            (folder / name).write_bytes(content)

    return download
