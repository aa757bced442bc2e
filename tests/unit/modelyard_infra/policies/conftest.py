"""The environments' own blueprints, drawn once: rules are tried on what really comes about."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.blueprint.graph import Graph

REPOSITORY = Path(__file__).parents[4]


@lru_cache(maxsize=4)
def _drawn(name: str) -> tuple[Graph, Environment]:
    environment = load_environment(Workspace(root=REPOSITORY, state=REPOSITORY / ".modelyard"), name)
    return draw_azure(environment).graph, environment


@pytest.fixture(scope="session")
def drawn() -> Callable[[str], tuple[Graph, Environment]]:
    """Graph and settings of an environment."""
    return _drawn
