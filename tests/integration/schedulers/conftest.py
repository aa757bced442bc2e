import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-c", "from modelyard.cli.main import main; main()")
FROM_PIPELINES = ("TF_BUILD", "GITHUB_OUTPUT", "GITHUB_BASE_REF", "SYSTEM_PULLREQUEST_TARGETBRANCH", "MODELYARD_ENV")


class Checkout:
    """A checkout with this project's environments and models, and commands typed in it."""

    def __init__(self, root):
        self.root = root
        shutil.copytree(ROOT / "environments", root / "environments")
        shutil.copytree(ROOT / "ml" / "models", root / "ml" / "models", ignore=shutil.ignore_patterns("__pycache__"))

    def set(self, environment, **schedules):
        """Changes when flows run, or who starts them."""
        file = self.root / "environments" / f"{environment}.yaml"
        document = yaml.safe_load(file.read_text())
        document.setdefault("schedules", {}).update(schedules)
        file.write_text(yaml.safe_dump(document))

    @property
    def surroundings(self):
        kept = {key: value for key, value in os.environ.items() if key not in FROM_PIPELINES}
        return {**kept, "MODELYARD_ROOT": str(self.root), "MODELYARD_STATE": str(self.root / ".modelyard")}

    def modelyard(self, *words, expect=0):
        done = subprocess.run(
            [*COMMAND, *words], cwd=self.root, env=self.surroundings, capture_output=True, text=True, check=False
        )
        assert done.returncode == expect, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def tool():
    """The Python of a tool that has an environment of its own."""

    def find(name):
        python = ROOT / "tools" / name / ".venv" / "bin" / "python"
        assert python.is_file(), f"there is no {python}: uv sync --project tools/{name} --locked"
        return str(python)

    return find
