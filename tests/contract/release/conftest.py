"""Programs that make and keep images, as stand-ins."""

from __future__ import annotations

import pytest

from modelyard.testing.image_fakes import FakePrograms


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Nothing but the stand-ins is on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return FakePrograms(folder)
