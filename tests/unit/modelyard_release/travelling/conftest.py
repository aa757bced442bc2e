from __future__ import annotations

import pytest

from modelyard.testing.travelling_fakes import BuildPlace


@pytest.fixture
def place(tmp_path):
    """Where releases are built, with a key of its own."""
    return BuildPlace(home=tmp_path / "dev", environment="dev")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def packed(place, tiny, out):
    """A release of version 7, with an image."""
    return place.pack(tiny, "7", out=out, image="registry.example/modelyard/tiny:7")
