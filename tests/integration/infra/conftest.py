"""Workspaces of their own for tests that provision: light services, own state, nothing left running."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from modelyard.environment.loading import load_environment
from modelyard.environment.models import Environment
from modelyard.environment.workspace import Workspace
from modelyard_infra.local.processes import MARK, marked, marked_below
from modelyard_infra.local.supervisor import stop
from modelyard_infra.stacks.operation import Operation
from modelyard_infra.testing.drawing import draw_light

REPOSITORY = Path(__file__).parents[3]
LIGHT_PROGRAM = """from modelyard_infra.program import provision
from modelyard_infra.testing.drawing import draw_light

provision(draw=draw_light)
"""


@dataclass
class Place:
    """A workspace under test, and what is needed to look at it."""

    workspace: Workspace
    said: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.workspace.of("local")

    @property
    def environment(self) -> Environment:
        return load_environment(self.workspace, "local")

    def operation(self, environment: Environment | None = None, draw: Callable = draw_light) -> Operation:
        return Operation(self.workspace, environment or self.environment, on_event=self.said.append, draw=draw)

    def process(self, service: str) -> psutil.Process:
        """The first process of a service: the one that the supervisor started."""
        found = marked(f"{self.home}/{service}")
        assert found, f"no process of {service} runs"
        return min(found, key=lambda process: process.create_time())

    def processes(self) -> list[psutil.Process]:
        return marked_below(self.home)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess:
        """What a user types in infra/."""
        wrapper = self.workspace.state / "bin" / "pulumi"
        return subprocess.run(
            [str(wrapper), *arguments, "-s", "local", "--non-interactive", "--color", "never"],
            cwd=self.workspace.infra,
            env={key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")},
            capture_output=True,
            text=True,
            check=False,
        )


def build(root: Path) -> Place:
    """A checkout with light services under `root`."""
    shutil.copytree(REPOSITORY / "environments", root / "environments")
    (root / "infra").mkdir()
    shutil.copy(REPOSITORY / "infra" / "Pulumi.yaml", root / "infra")
    (root / "infra" / "__main__.py").write_text(LIGHT_PROGRAM)
    for folder in ("plugins", "languages"):
        (root / "infra" / folder).symlink_to(REPOSITORY / "infra" / folder)
    return Place(Workspace(root=root, state=root / ".modelyard"))


def clear(place: Place) -> None:
    """Ends whatever a test left, also one that failed."""
    stop(place.home)
    assert place.processes() == []


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One workspace for all tests of a module."""
    made = build(tmp_path_factory.mktemp("yard"))
    yield made
    clear(made)


@pytest.fixture
def own_place(tmp_path: Path) -> Iterator[Place]:
    """A workspace for one test. Its path is long and has a space and a percent sign in it, as people's paths do."""
    made = build(tmp_path / ("a path with spaces, 100% legal, and rather long " * 2).strip())
    yield made
    clear(made)


@pytest.fixture(autouse=True)
def _no_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MARK, raising=False)
