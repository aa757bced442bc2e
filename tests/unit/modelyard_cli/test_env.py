"""`modelyard env` and what it prints."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.cli.env import env
from modelyard.errors import InvalidSettingsError, UnknownEnvironmentError, exit_code_of

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own."""
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    monkeypatch.setenv("MODELYARD_ROOT", str(tmp_path))
    monkeypatch.delenv("MODELYARD_STATE", raising=False)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(env, arguments)


def break_it(project, name="dev"):
    file = project / "environments" / f"{name}.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\nlakes: 1\n", encoding="utf-8")


def test_list_names_every_environment(project):
    rows = json.loads(run("list", "--format", "json").stdout)
    assert [row["name"] for row in rows] == ["dev", "local", "prod", "test"]
    assert all(row["valid"] for row in rows)
    assert "this machine" in run("list").stdout


def test_list_works_while_one_is_broken(project):
    break_it(project)
    rows = {row["name"]: row["valid"] for row in json.loads(run("list", "--format", "json").stdout)}
    assert rows == {"dev": False, "local": True, "prod": True, "test": True}


def test_show_says_where_each_setting_comes_from(project):
    shown = run("show", "prod").stdout
    assert "azure.lake.redundancy" in shown
    assert "prod.yaml:" in shown
    assert "base.yaml:" in shown
    assert "true" in shown
    assert "True" not in shown
    assert json.loads(run("show", "local", "--format", "json").stdout)["local"]["ports"]["tracking"] == "auto"


def test_show_refuses_an_unknown_environment():
    refused = run("show", "staging").exception
    assert isinstance(refused, UnknownEnvironmentError)
    assert "dev, local, prod, test" in refused.message


def test_check_is_content_with_the_repositorys_environments(project):
    checked = run("check")
    assert checked.exit_code == 0
    assert "prod: valid" in checked.stdout
    assert "example values are left" in checked.stdout
    assert run("check", "local").stdout == "local: valid\n"


@pytest.mark.parametrize("arguments", [("check",), ("check", "dev"), ("check", "--format", "json")])
def test_check_prints_every_finding_and_fails_with_3(project, arguments):
    break_it(project)
    checked = run(*arguments)
    assert "lakes" in checked.stdout
    assert isinstance(checked.exception, InvalidSettingsError)
    assert exit_code_of(checked.exception) == 3
    assert checked.exception.hint.endswith("modelyard env check dev")


def test_check_gives_machines_file_line_and_key(project):
    break_it(project)
    reports = {one["name"]: one for one in json.loads(run("check", "--format", "json").stdout)}
    (finding,) = reports["dev"]["findings"]
    assert finding["file"] == "environments/dev.yaml"
    assert finding["key"] == "lakes"
    assert finding["line"] > 1
    assert reports["prod"]["valid"]


def test_check_of_one_does_not_mind_the_others(project):
    break_it(project)
    assert run("check", "local").exit_code == 0
