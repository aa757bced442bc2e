from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure

REPOSITORY = Path(__file__).parents[4]


@pytest.fixture(scope="session")
def environments():
    workspace = Workspace(root=REPOSITORY, state=REPOSITORY / ".modelyard")
    return {name: load_environment(workspace, name) for name in ("dev", "test", "prod")}


@pytest.fixture(scope="session")
def blueprints(environments):
    return {name: draw_azure(environment) for name, environment in environments.items()}


@pytest.fixture
def changed(environments):
    """An environment with settings changed, drawn: changed("prod", {"azure.lock": "none"})."""

    def draw(name, changes):
        values = environments[name].model_dump()
        for path, value in changes.items():
            *above, last = path.split(".")
            section = values
            for part in above:
                section = section[part]
            section[last] = value
        return draw_azure(type(environments[name]).model_validate(values))

    return draw
