from pathlib import Path

import pytest

from modelyard.testing.platforms import bare_platform
from modelyard_pipelines.sources.catalog import find_source

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def landed(tmp_path_factory):
    """Lands a delivery once for all tests, and says where it is."""
    place = tmp_path_factory.mktemp("landed")

    def land(source, month=""):
        return find_source(source).land(month, place / source, cache=place / "cache")

    return land


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def platform(tmp_path):
    return bare_platform(ROOT, tmp_path / "state")


@pytest.fixture
def quiet():
    return lambda line: None
