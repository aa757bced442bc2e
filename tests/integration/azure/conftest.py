"""Checkouts of their own, in which environments in Azure are rehearsed with Pulumi's real engine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.stack_outputs import read_checkpoint
from modelyard.environment.workspace import Workspace
from modelyard.errors import ProvisioningFailedError
from modelyard_infra.blueprint.azure.draw import AzureBlueprint, draw_azure
from modelyard_infra.engine.homes import StackHome, simulated_home
from modelyard_infra.simulator.faults import Fault
from modelyard_infra.simulator.rehearsal import SimulatedAzure
from modelyard_infra.stacks.operation import Operation

REPOSITORY = Path(__file__).parents[3]
FAILURE = "SimulatedFailure"
MOST_FAILURES = 150
ALWAYS_THERE = ("storage:BlobServiceProperties", "dbforpostgresql:Configuration")
"""Kinds that exist with their parents: after one failure they are found there, so they are created but once."""
PLUGINS = {"azure-native": "modelyard_infra.simulator.host", "modelyard": "modelyard_infra.provider_host"}


@dataclass
class Rehearsal:
    """A workspace under test, and what is needed to look at it."""

    workspace: Workspace
    said: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    """Variables for every operation."""

    @property
    def home(self) -> StackHome:
        return simulated_home(self.workspace)

    def environment(self, name: str) -> Environment:
        return load_environment(self.workspace, name)

    def blueprint(self, name: str) -> AzureBlueprint:
        return draw_azure(self.environment(name))

    def operation(self, name: str, **settings: Any) -> Operation:
        options = {**self.options, **settings.pop("options", {})}
        environment = self.environment(name)
        return Operation(
            self.workspace, environment, on_event=self.said.append, simulate=True, options=options, **settings
        )

    def azure(self) -> SimulatedAzure:
        return SimulatedAzure(self.home.simulated_azure)

    def exists(self, name: str) -> dict[str, Any]:
        """What there is in an environment's subscription, by id."""
        with self.azure() as azure:
            made = azure.resources(self.blueprint(name).subscription_id)
        return {one.id: (one.body, one.incarnation) for one in made}

    def state(self, name: str) -> dict[str, Any]:
        return read_checkpoint(self.workspace, name, simulated=True) or {}

    def set(self, name: str, path: str, value: object) -> None:
        """Changes a setting in an environment's file, as its owner would."""
        file = self.workspace.environments / f"{name}.yaml"
        document = yaml.safe_load(file.read_text())
        section = document
        *above, last = path.split(".")
        for part in above:
            section = section.setdefault(part, {})
        section[last] = value
        file.write_text(yaml.safe_dump(document))

    def pulumi(self, *arguments: str, stack: str, **variables: str) -> subprocess.CompletedProcess:
        """What a user types in infra/."""
        around = {
            key: value for key, value in os.environ.items() if not key.startswith("PULUMI_") or key == "PULUMI_HOME"
        }
        return subprocess.run(
            [str(self.home.wrapper), *arguments, "-s", stack, "--non-interactive", "--color", "never"],
            cwd=self.workspace.infra,
            env={**around, **variables},
            capture_output=True,
            text=True,
            check=False,
        )


def build(root: Path) -> Rehearsal:
    """A checkout under `root`."""
    shutil.copytree(REPOSITORY / "environments", root / "environments")
    (root / "infra").mkdir()
    for file in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(REPOSITORY / "infra" / file, root / "infra")
    for folder in ("plugins", "languages", "simulator"):
        (root / "infra" / folder).symlink_to(REPOSITORY / "infra" / folder)
    return Rehearsal(Workspace(root=root, state=root / ".modelyard"))


class Trouble:
    """One environment, of which every operation fails."""

    def __init__(self, yard, name):
        self.yard, self.name = yard, name
        graph = yard.blueprint(name).graph
        self.keys = [one.key for one in graph if not one.kind.startswith("modelyard:")]
        self.always_there = {one.key for one in graph.of_kind(*ALWAYS_THERE)}

    def arm(self, operation, *moments, rotate=False, keys=()):
        """Lets each operation fail once at each moment, or where they rotate, at one of them."""
        with self.yard.azure() as azure:
            azure.heal()
            for place, key in enumerate(keys or self.keys):
                chosen = moments[place % len(moments) :][:1] if rotate else moments
                for moment in chosen[:1] if key in self.always_there else chosen:
                    azure.fail(Fault(operation=operation, pattern=key, moment=moment, code=FAILURE))
            self.begun = len(azure.history())

    def until_it_works(self, work):
        """Repeats an operation until it succeeds."""
        for _ in range(MOST_FAILURES):
            try:
                return work()
            except ProvisioningFailedError as error:
                said = error
            assert "told to fail here" in said.message, said.message
            assert said.hint.endswith("what exists is kept")
        raise AssertionError(f"it never came to an end: {said.message}")

    def up(self, **options):
        return self.until_it_works(lambda: self.yard.operation(self.name, options=options).up())

    def down(self, **options):
        return self.until_it_works(lambda: self.yard.operation(self.name, options=options).down(with_data=True))

    def left(self):
        """Failures that never happened."""
        with self.yard.azure() as azure:
            return [f"{fault.moment} {fault.operation} {fault.pattern}" for fault in azure.faults()]

    def succeeded(self, operation):
        """Keys of what was done since the last arming, each time it was."""
        with self.yard.azure() as azure:
            entries = azure.history()[self.begun :]
        return [one.key for one in entries if one.operation == operation and one.outcome == "ok"]

    def assert_created_once(self):
        """What was there already was taken over, and nothing was made twice."""
        created = self.succeeded("create")
        assert len(set(created)) == len(created)
        assert {*created, *self.always_there} == set(self.keys)

    def assert_right(self):
        """Everything is there once, and nothing is left to do."""
        assert not self.yard.operation(self.name).up().has_changes
        graph = self.yard.blueprint(self.name).graph
        resources = [one for one in self.yard.state(self.name)["resources"] if one["urn"].split("::")[-1] in graph]
        assert len({one["id"] for one in resources if "id" in one}) == len(graph)
        assert not self.yard.state(self.name).get("pending_operations")


@pytest.fixture(scope="module", autouse=True)
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own for the CLI, which writes a log of every command there."""
    home = tmp_path_factory.mktemp("pulumi-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_HOME", str(home))
        patch.delenv("MODELYARD_SIMULATED_AZURE", raising=False)
        yield home


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """One workspace for all tests of a module."""
    return build(tmp_path_factory.mktemp("yard"))


@pytest.fixture
def own_yard(tmp_path: Path) -> Rehearsal:
    """A workspace for one test."""
    return build(tmp_path / "a checkout")


@pytest.fixture(scope="module")
def quick_yard(yard: Rehearsal, pulumi_home: Path) -> Iterator[Rehearsal]:
    """The module's workspace with plugins that run already, and no logs: an operation takes half the time. What is
    proven with it must not kill an engine, whose place the tests' own process would take."""
    (pulumi_home / "logs").touch()
    around = yard.home.environment_variables("dev")
    running = {
        package: subprocess.Popen([sys.executable, "-m", module], env=around, stdout=subprocess.PIPE, text=True)
        for package, module in PLUGINS.items()
    }
    ports = {package: process.stdout.readline().strip() for package, process in running.items()}
    yard.options["PULUMI_DEBUG_PROVIDERS"] = ",".join(f"{package}:{port}" for package, port in ports.items())
    yard.options["PULUMI_SKIP_CHECKPOINTS"] = "true"
    yield yard
    yard.options.clear()
    for process in running.values():
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def trouble(quick_yard: Rehearsal) -> Callable[[str], Trouble]:
    """Lets every operation on an environment fail."""
    return lambda name: Trouble(quick_yard, name)


@pytest.fixture(scope="module")
def shaken(yard: Rehearsal) -> Callable[[str], Trouble]:
    """The same in a workspace whose engine starts its plugins itself, so that it can be killed."""
    return lambda name: Trouble(yard, name)


@pytest.fixture
def another_yard(tmp_path: Path) -> Callable[[str], Rehearsal]:
    """Workspaces beside each other."""
    return lambda name: build(tmp_path / name)
