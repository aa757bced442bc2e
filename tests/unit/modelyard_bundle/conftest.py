from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.testing.release_fakes import TinyModel, train_tiny


@pytest.fixture(scope="session")
def tiny() -> TinyModel:
    return train_tiny()


@pytest.fixture
def bundle(tiny: TinyModel, tmp_path: Path) -> Path:
    """A sound bundle, to be spoilt."""
    return tmp_path / tiny.bundle(tmp_path, "1").bundle
