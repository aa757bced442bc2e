"""`modelyard ci lint`: what it prints and how it ends, and what it knows of the command line itself."""

import json

import click
import pytest
from click.testing import CliRunner

from modelyard.cli.ci.command_lines import wrong_for
from modelyard.cli.ci.lint import lint
from modelyard.testing.pipeline_defects.sample import write_sample
from modelyard.testing.pipeline_defects.scoring import DEFECTS


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_sample(tmp_path)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "base.yaml").touch()
    monkeypatch.setenv("MODELYARD_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def mistaken(project):
    next(defect for defect in DEFECTS if defect.rule == "no-cycles").put_into(project)
    return project


def called(*arguments):
    return CliRunner().invoke(lint, arguments)


def test_a_finding_says_where_what_and_what_to_do_and_ends_with_3(mistaken):
    ended = called("azure-pipelines.yml")
    assert ended.exit_code == 3
    assert "pipelines/azure/stages/candidates.yml:7: stages wait for each other: train → " in ended.output
    assert "    take one of these dependencies out" in ended.output


def test_a_note_is_said_and_fails_nothing(project):
    next(defect for defect in DEFECTS if defect.rule == "pull-request-note").put_into(project)
    ended = called("pipelines/azure/nightly.yml")
    assert "pipelines/azure/nightly.yml:5: note: Azure Repos ignores `pr:`" in ended.output
    assert ended.exit_code == 0, ended.output


def test_json_has_every_finding_and_what_was_looked_at(mistaken):
    ended = called("azure-pipelines.yml", "--format", "json")
    document = json.loads(ended.stdout)
    assert ended.exit_code == 3
    assert {"rule", "file", "line", "column", "message", "hint", "severity"} == set(document["findings"][0])
    assert "pipelines/azure/governed.yml" in document["files"]
    assert document["expansions"] >= 2


def test_a_file_may_be_named_from_anywhere_in_the_project(mistaken, monkeypatch):
    monkeypatch.chdir(mistaken / "pipelines")
    assert "stages wait for each other" in called("../azure-pipelines.yml").output


def test_a_file_outside_of_the_project_is_a_usage_error(project):
    ended = called("/etc/hosts")
    assert ended.exit_code == 2
    assert "is not in" in ended.output


def test_rules_are_a_table_and_json(project):
    assert "gates-not-skippable" in called("--rules").output
    rules = json.loads(called("--rules", "--format", "json").stdout)
    assert {"rule", "kind", "what", "why"} == set(rules[0])


@click.group()
def program():
    """A program."""


@program.group()
def model():
    """A noun."""


@model.command()
@click.argument("name")
@click.option("--env", default="local")
@click.option("--by", required=True)
@click.option("--format", "output_format", type=click.Choice(["text", "json"]))
@click.option("--force", is_flag=True)
def promote(**given):
    """A verb."""
    raise AssertionError(f"a command that is only looked at ran: {given}")


@pytest.mark.parametrize(
    "line",
    [
        "model promote x --by me",
        "model promote $(model) --by $WHO --env $(environment) --force",
        "model promote --by=me --format=json x",
        "model promote x --by me --format $(format)",
        "model promote --help",
        "model --help",
    ],
)
def test_accepts_a_command_line_that_would_be_understood(line):
    assert wrong_for(program, line.split()) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("modle promote x", "there is no `modle`, did you mean `model`?"),
        ("model demote x", "there is no `demote`, did you mean `promote`?"),
        ("model", "a verb is missing"),
        ("model promote --by me", "NAME is missing"),
        ("model promote x", "by is missing"),
        ("model promote x y --by me", "nothing takes `y`"),
        ("model promote x --by me --fast", "No such option"),
        ("model promote x --by", "requires an argument"),
        ("model promote x --by me --format xml", "`xml` is no output_format; allowed: text, json"),
    ],
)
def test_says_what_is_wrong_with_a_command_line(line, why):
    assert why in str(wrong_for(program, line.split()))
