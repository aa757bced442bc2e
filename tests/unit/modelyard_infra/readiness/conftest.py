"""The repository's environments in a simulated subscription, whole or with something missing."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.catalogue import load_catalogue
from modelyard_infra.readiness.doctor import look_everywhere
from modelyard_infra.readiness.looking import look_of
from modelyard_infra.readiness.simulated import SimulatedAzure, ready_for

REPOSITORY = Path(__file__).resolve().parents[4]


class Imagined:
    """A machine with the provider's plugin on PATH, or without."""

    def __init__(self, *, plugin=True, home="/nowhere"):
        self._plugin, self._home = plugin, home

    def program(self, name):
        return "/usr/bin/pulumi-resource-azure-native" if self._plugin and "azure-native" in name else ""

    def variable(self, name):
        return str(self._home) if name == "HOME" else ""


@pytest.fixture
def machine():
    return Imagined


@pytest.fixture
def load(tmp_path):
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    workspace = Workspace(root=tmp_path, state=tmp_path / ".modelyard")
    return lambda name: load_environment(workspace, name)


@pytest.fixture
def types():
    """ARM types of an environment's graph."""

    def of(environment):
        kinds = {resource.kind for resource in draw_azure(environment).graph}
        return {load_catalogue()[kind].arm for kind in kinds if not kind.startswith("modelyard:")}

    return of


@pytest.fixture
def facts(load, types):
    return lambda name="prod": ready_for(load(name), types(load(name)))


@pytest.fixture
def look(load, types, facts):
    """All checks of an environment by name, with some facts changed."""

    def at(name="prod", on=None, **changed):
        environment = load(name)
        client = SimulatedAzure(replace(facts(name), **changed))
        found = look_everywhere(look_of(environment, client, types(environment)), on or Imagined())
        return {check.name: check for check in found}

    return at


@pytest.fixture
def wrong(look):
    """What is not as it should be."""

    def at(name="prod", on=None, **changed):
        return {title: check for title, check in look(name, on, **changed).items() if check.status != "ok"}

    return at
