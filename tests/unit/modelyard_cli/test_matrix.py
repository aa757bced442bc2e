"""`modelyard ci matrix` in the words of whoever runs it."""

import json

import pytest
from click.testing import CliRunner

from modelyard.cli.ci.matrix import azure_lines, choose, github_lines, matrix
from modelyard.errors import ModelNotFoundError
from modelyard.workflow.changes import Changes
from modelyard.workflow.subjects import ModelSubject, Subjects

SUBJECTS = Subjects(
    {"delay": ("flights",), "churn": ("customers",)},
    {
        "late": ModelSubject("delay", "operations"),
        "very_late": ModelSubject("delay", "operations", served=False),
        "leaves": ModelSubject("churn", "care"),
    },
)


def never():
    raise AssertionError("nobody asked what changed")


def variables(lines):
    """What an agent of Azure Pipelines makes of logging commands."""
    found = {}
    for line in lines:
        command, _, value = line.removeprefix("##vso[").partition("]")
        action, _, properties = command.partition(" ")
        said = dict(one.split("=") for one in properties.split(";"))
        assert (action, said["isOutput"]) == ("task.setvariable", "true")
        found[said["variable"]] = value
    return found


def test_all_models_are_all_models():
    assert set(choose(SUBJECTS, "all", never).models) == {"late", "very_late", "leaves"}


def test_named_models_come_with_their_purposes():
    found = choose(SUBJECTS, "late, leaves", never)
    assert found.models == {
        "late": {"model": "late", "purpose": "delay"},
        "leaves": {"model": "leaves", "purpose": "churn"},
    }
    assert found.purposes == {"churn": {"purpose": "churn"}, "delay": {"purpose": "delay"}}
    with pytest.raises(ModelNotFoundError):
        choose(SUBJECTS, "late,later", never)


def test_changed_models_come_with_the_reason():
    found = choose(SUBJECTS, "changed", lambda: Changes("HEAD^1", ("ml/models/leaves/model.py", "docs/a.md")))
    assert set(found.models) == {"leaves"}
    assert found.reasons == {"leaves": "ml/models/leaves/model.py"}
    assert found.sentence == "1 of 3 models, for 2 files changed since HEAD^1"


def test_where_it_is_not_known_what_changed_it_is_all_of_them_and_that_is_said():
    found = choose(SUBJECTS, "changed", lambda: Changes("HEAD^1", unknown="there is no such commit in this clone"))
    assert len(found.models) == 3
    assert "all models" in found.sentence
    assert "no such commit" in found.sentence


def test_azure_pipelines_gets_a_mapping_of_legs_for_each_matrix():
    found = variables(azure_lines(choose(SUBJECTS, "late,very_late", never), ""))
    assert set(found) == {"models", "served", "purposes", "count", "servedCount"}
    assert json.loads(found["models"])["very_late"] == {"model": "very_late", "purpose": "delay"}
    assert set(json.loads(found["served"])) == {"late"}
    assert json.loads(found["purposes"]) == {"delay": {"purpose": "delay"}}
    assert (found["count"], found["servedCount"]) == ("2", "1")


def test_github_actions_gets_a_list_to_include():
    found = dict(line.split("=", 1) for line in github_lines(choose(SUBJECTS, "late", never), "ml_"))
    assert json.loads(found["ml_models"]) == {"include": [{"model": "late", "purpose": "delay"}]}
    assert found["ml_count"] == "1"


NONE = {"count": "0", "servedCount": "0"}


def test_no_model_at_all_is_an_empty_matrix_and_a_count_of_zero():
    found = choose(SUBJECTS, "changed", lambda: Changes("HEAD^1", ("docs/a.md",)))
    assert variables(azure_lines(found, "")) == {"models": "{}", "served": "{}", "purposes": "{}", **NONE}
    assert "count=0" in list(github_lines(found, ""))


def test_a_pipeline_of_azure_finds_its_variables_on_stdout_and_nothing_else(monkeypatch):
    monkeypatch.setenv("TF_BUILD", "True")
    ended = CliRunner().invoke(matrix, ["--models", "all", "--variable-prefix", "run_"])
    assert ended.exit_code == 0, ended.output
    assert all(line.startswith("##vso[task.setvariable variable=run_") for line in ended.stdout.splitlines())


def test_a_workflow_of_github_finds_its_outputs_in_the_file(monkeypatch, tmp_path):
    monkeypatch.delenv("TF_BUILD", raising=False)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    ended = CliRunner().invoke(matrix, ["--models", "flight_delay", "--format", "json"])
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["count"] == 1
    assert "count=1" in (tmp_path / "output").read_text().splitlines()


@pytest.mark.parametrize(("scheduler", "count"), [("nobody-knows", 0), ("container_apps", 5)])
def test_what_a_timetable_starts_is_about_no_model_where_another_scheduler_does_it(monkeypatch, scheduler, count):
    monkeypatch.delenv("TF_BUILD", raising=False)
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    words = ["--models", "all", "--env", "dev", "--started-by", scheduler, "--format", "json"]
    ended = CliRunner().invoke(matrix, words)
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["count"] == count
    assert ("no model: in dev flows are started by container_apps" in ended.output) == (count == 0)


@pytest.mark.parametrize(("commit", "expected"), [("", "none did yet"), (None, "HEAD^1"), ("abc", "abc")])
def test_changed_is_since_the_last_run_that_ended_well_where_that_is_known(monkeypatch, tmp_path, commit, expected):
    from modelyard.cli.ci.matrix import _changed
    from modelyard.delivery.azure_devops import delivered

    monkeypatch.setattr(delivered, "last_delivered", lambda _: commit)
    found = _changed(tmp_path, "")
    assert expected in (found.since, found.unknown)
    assert _changed(tmp_path, "v1").since == "v1"
