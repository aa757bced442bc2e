"""The pipelines of this repository: nothing is found in them, and every gate of theirs is needed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from modelyard.cli.ci.command_lines import wrong_with
from modelyard.delivery.linting.checking import lint

ROOT = Path(__file__).resolve().parents[4]
PIPELINES = ["azure-pipelines.yml", "pipelines/azure"]
BESIDES = ["Makefile", "pyproject.toml", "uv.lock", "platform/pyproject.toml", "pipelines/pyproject.toml"]
STAGES = "pipelines/azure/stages"
WEAKENED = [
    ("verify.yml", "    isSkippable: false", "    x: y", "expands"),
    ("verify.yml", "    isSkippable: false # a gate\n", "", "gates-not-skippable"),
    ("decide.yml", "dependsOn: [verify, compare]", "dependsOn: [verify, compare]\n    condition: always()", "gates"),
    ("decide.yml", "dependsOn: [verify, compare]", "dependsOn: [verify]", "gates"),
    ("decide.yml", "dependsOn: [verify, decide]", "dependsOn: [verify, compare]", "gates"),
    ("decide.yml", "environment: promotion", "environment: dev", "gates"),
    ("release.yml", "modelyard release scan", "modelyard release test", "gates"),
    ("release.yml", "modelyard release test", "modelyard release scan", "gates"),
    ("deploy.yml", "    lockBehavior: sequential", "    condition: succeededOrFailed()", "gates"),
    ("production.yml", "    lockBehavior: sequential", "    condition: not(canceled())", "gates"),
]


@pytest.fixture
def copied(tmp_path):
    for name in PIPELINES + BESIDES:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copy(ROOT / name, target)
    return tmp_path


def test_the_command_finds_nothing_in_our_own_pipelines():
    ended = subprocess.run(
        [Path(sys.executable).with_name("modelyard"), "ci", "lint"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("nothing found: ")


@pytest.mark.parametrize(("file", "old", "new", "rule"), WEAKENED)
def test_a_weakened_copy_of_our_own_pipelines_is_caught(copied, file, old, new, rule):
    path = copied / STAGES / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has changed; say here how it would be weakened now"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    found = {finding.rule for finding in lint(copied, commands=wrong_with)}
    assert rule in found
