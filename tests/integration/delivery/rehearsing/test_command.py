import json

import pytest
from click.testing import CliRunner

from modelyard.cli.ci.rehearse import gates_of, rehearse
from modelyard.cli.ci.yard_keeping import InfraYards, has_services
from modelyard.environment.workspace import Workspace
from modelyard.errors import RehearsalFailedError

PIPELINE = """
    stages:
      - stage: train
        jobs:
          - job: train
            strategy: {matrix: {a: {model: credit}, b: {model: loans}}}
            steps: [{script: echo $(model), displayName: Train $(model)}]
      - stage: prod
        condition: and(succeeded(), eq(variables['Build.SourceBranchName'], 'main'))
        jobs:
          - deployment: prod
            environment: prod
            strategy:
              runOnce:
                deploy: {steps: [{script: echo shipped}]}
                on: {failure: {steps: [{script: echo back}]}}
    """


@pytest.fixture
def run(workspace, monkeypatch):
    monkeypatch.chdir(workspace.root)
    monkeypatch.setenv("MODELYARD_STATE", str(workspace.home.parent))
    monkeypatch.delenv("MODELYARD_ROOT", raising=False)
    workspace.commit(PIPELINE)
    return lambda *words: CliRunner().invoke(rehearse, list(words))


def test_the_plan_shows_stages_jobs_matrices_conditions_gates_and_runs_nothing(run, workspace):
    shown = run("pipeline.yml", "--plan").stdout
    assert shown.splitlines() == [
        "pipeline.yml",
        "├─ stage train",
        "│  └─ job train  (for each of a, b)",
        "│     └─ Train $(model)",
        "└─ stage prod  (after train; if and(succeeded(), eq(variables['Build.SourceBranchName'], 'main')))",
        "   └─ deployment prod  (in environment prod, which needs an approval)",
        "      ├─ on deploy",
        "      │  └─ echo shipped",
        "      └─ on failure",
        "         └─ echo back",
    ]
    assert not workspace.home.exists()


def test_the_plan_is_there_for_machines_too(run):
    document = json.loads(run("pipeline.yml", "--plan", "--format", "json").stdout)
    assert [stage["name"] for stage in document["stages"]] == ["train", "prod"]
    assert document["stages"][1]["jobs"][0]["approval"] is True


def test_an_approved_rehearsal_prints_its_progress_and_a_table(run):
    result = run("pipeline.yml", "--approve-as", "Grace", "--reason", "figures are better")
    assert result.exit_code == 0, result
    assert "✓ Train credit" in result.stderr
    assert "rehearsal 1 of pipeline.yml: succeeded" in result.stdout
    assert "approved: prod before prod, by Grace: figures are better" in result.stdout


def test_without_a_terminal_and_without_an_approval_the_run_stops_with_exit_code_5(run):
    result = run("pipeline.yml")
    assert isinstance(result.exception, RehearsalFailedError)
    assert result.exception.exit_code == 5
    assert "waiting" in result.stdout


def test_the_record_is_printed_for_machines(run):
    document = json.loads(run("pipeline.yml", "--approve", "--format", "json").stdout)
    assert document["result"] == "Succeeded"
    assert [job["key"] for job in document["stages"][0]["jobs"]] == ["train.a", "train.b"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("pipeline.yml", "--approve-as", "Grace"),
        ("pipeline.yml", "--reason", "because"),
        ("pipeline.yml", "--set", "nothing"),
    ],
)
def test_calls_that_mean_nothing_are_refused_as_usage(run, words):
    assert run(*words).exit_code == 2


def test_old_runs_are_removed(run, workspace):
    run("pipeline.yml", "--approve")
    assert run("--clean").stdout == "removed 1 rehearsals\n"
    assert not (workspace.home / "1").exists()


def test_a_file_is_found_from_the_folder_that_one_stands_in(run, workspace, monkeypatch):
    monkeypatch.chdir(workspace.root / "environments")
    assert "stage train" in run("pipeline.yml", "--plan").stdout


def test_the_environment_files_say_which_environments_need_an_approval(run, workspace):
    gates = gates_of(Workspace.at(workspace.root))
    assert set(gates) >= {"prod", "promotion", "prod-infra"}
    assert "dev" not in gates
    assert gates["prod"]


def test_services_of_a_yard_are_ended_by_the_command_that_a_person_would_type(tmp_path):
    yard = tmp_path / "dev"
    (yard / "local" / "run" / "services").mkdir(parents=True)
    (yard / "local" / "run" / "services" / "tracking.ini").touch()
    script = tmp_path / "fake"
    script.write_text('#!/bin/sh\necho "$@ $MODELYARD_STATE" >> "$(dirname "$0")/said"\nexit ${FAKE:-0}\n')
    script.chmod(0o755)
    keeper = InfraYards(words=(str(script),))
    assert has_services(yard)
    assert keeper.down(yard, checkout=tmp_path) == ""
    assert keeper.up(yard, checkout=tmp_path) == ""
    assert (tmp_path / "said").read_text() == f"infra down local {yard}\n"
    (yard / "pulumi").mkdir()
    keeper.up(yard, checkout=tmp_path)
    assert (tmp_path / "said").read_text().endswith(f"infra up local {yard}\n")


def test_a_command_that_fails_for_a_yard_is_told_with_the_one_to_type(tmp_path):
    (tmp_path / "dev" / "pulumi").mkdir(parents=True)
    said = InfraYards(words=("sh", "-c", "echo 'error: no port' >&2; exit 6")).up(tmp_path / "dev", checkout=tmp_path)
    assert "no port" in said
    assert f"MODELYARD_STATE={tmp_path / 'dev'} modelyard infra up local" in said
