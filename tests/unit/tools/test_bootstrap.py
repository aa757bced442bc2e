"""What a newcomer reads when something is missing: one sentence that says what, and what to do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path):
    """Just enough of a checkout for set-up to begin."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap.py", tmp_path / "tools" / "bootstrap.py")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    shutil.copy(ROOT / "uv.lock", tmp_path / "uv.lock")
    return tmp_path


def set_up(checkout, path, **variables):
    base = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "MODELYARD_"))}
    return subprocess.run(
        [sys.executable, str(checkout / "tools" / "bootstrap.py")],
        cwd=checkout,
        env={**base, "PATH": str(path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def sentences(done):
    return [line for line in done.stderr.splitlines() if line.startswith("set-up stopped: ")]


def programs(folder, *names):
    """A PATH that holds these programs and no others."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def test_without_git_it_says_so_in_one_sentence(checkout, tmp_path):
    done = set_up(checkout, programs(tmp_path / "bin"))
    assert done.returncode == 3
    assert sentences(done) == ["set-up stopped: git is not on PATH; install it"]


def test_without_a_network_it_says_what_could_not_be_reached(checkout, tmp_path):
    nowhere = "http://127.0.0.1:9/simple"
    done = set_up(
        checkout,
        programs(tmp_path / "bin", "git"),
        PIP_INDEX_URL=nowhere,
        PIP_NO_CACHE_DIR="1",
        PIP_RETRIES="0",
        PIP_CONFIG_FILE=os.devnull,
    )
    assert done.returncode == 3
    (sentence,) = sentences(done)
    assert "is the network, or the package index, reachable?" in sentence
    assert "Traceback" not in done.stderr


def test_it_leaves_nothing_outside_its_own_folders(checkout, tmp_path):
    before = {path.name for path in checkout.iterdir()}
    set_up(checkout, programs(tmp_path / "bin"))
    assert {path.name for path in checkout.iterdir()} - before <= {"bin", ".modelyard", ".venv"}


ANNOUNCE = "import runpy; runpy.run_path('tools/bootstrap.py')['_announce']()"


def announced(checkout, **variables):
    base = {name: value for name, value in os.environ.items() if name not in ("TF_BUILD", "GITHUB_PATH")}
    command = [sys.executable, "-c", ANNOUNCE]
    return subprocess.run(command, cwd=checkout, env={**base, **variables}, capture_output=True, text=True, check=True)


def test_a_pipeline_is_told_where_the_commands_are(checkout, tmp_path):
    commands = str(checkout / ".venv" / "bin")
    listed = tmp_path / "github_path"
    assert announced(checkout).stdout == ""
    assert announced(checkout, TF_BUILD="True").stdout == f"##vso[task.prependpath]{commands}\n"
    assert announced(checkout, GITHUB_PATH=str(listed)).stdout == ""
    assert listed.read_text() == f"{commands}\n"
