"""`--set name=value`, and `modelyard ci expand` itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelyard.cli.ci.expand import expand
from modelyard.delivery.expanding.settings import entry_file, parse_settings
from modelyard.errors import ConfigurationError, InvalidPipelineError

ENTRY = """\
parameters:
- name: models
  type: object
  default: [delay]
- name: standIn
  default: ''
steps:
- ${{ each model in parameters.models }}:
  - template: steps/train.yml
    parameters:
      model: ${{ model }}
- script: echo ${{ parameters.standIn }} ${{ variables['Build.Reason'] }}
"""
TRAIN = "parameters:\n- name: model\nsteps:\n- script: modelyard model train ${{ parameters.model }}\n"


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A checkout with one pipeline."""
    for name, text in {
        "environments/base.yaml": "",
        "azure-pipelines.yml": ENTRY,
        "steps/train.yml": TRAIN,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("MODELYARD_ROOT", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(expand, list(words), catch_exceptions=True)


def test_settings_are_names_and_texts():
    assert parse_settings(["a=1", "b=x=y", " c =", "d={e: [1]}"]) == {"a": "1", "b": "x=y", "c": "", "d": "{e: [1]}"}


@pytest.mark.parametrize("words", [["a"], ["=b"], [""], ["a=1", "A=2"]])
def test_other_words_are_refused(words):
    with pytest.raises(ConfigurationError) as refused:
        parse_settings(words)
    assert "--set" in refused.value.message
    assert refused.value.hint


def test_a_file_may_be_named_from_where_one_stands_or_from_the_root(workspace, monkeypatch):
    assert entry_file(workspace, Path("azure-pipelines.yml")) == "azure-pipelines.yml"
    assert entry_file(workspace, workspace / "steps" / "train.yml") == "steps/train.yml"
    monkeypatch.chdir(workspace / "steps")
    assert entry_file(workspace, Path("train.yml")) == "steps/train.yml"
    assert entry_file(workspace, Path("azure-pipelines.yml")) == "azure-pipelines.yml"
    with pytest.raises(ConfigurationError, match="is not in"):
        entry_file(workspace, Path("/elsewhere.yml"))


def test_the_command_prints_the_final_yaml(workspace):
    words = ["azure-pipelines.yml", "--set", "models=[delay, price]", "--set", "standIn=local"]
    found = run(*words, "--variable", "Build.Reason=Manual")
    assert found.exit_code == 0, found.output
    assert found.stdout == (
        "steps:\n"
        "  - script: modelyard model train delay\n"
        "  - script: modelyard model train price\n"
        "  - script: echo local Manual\n"
    )


def test_the_command_prints_json_for_machines(workspace):
    found = json.loads(run("azure-pipelines.yml", "--format", "json").stdout)
    assert found["file"] == "azure-pipelines.yml"
    assert found["templates"] == ["steps/train.yml"]
    assert found["parameters"] == {"models": ["delay"], "standIn": ""}
    assert found["document"]["steps"][0] == {"script": "modelyard model train delay"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["azure-pipelines.yml", "--set", "model=[a]"],
            "1: azure-pipelines.yml has no parameter 'model'; did you mean",
        ),
        (["azure-pipelines.yml", "--set", "models=[a"], "2: the value '[a' is not YAML"),
        (["azure-pipeline.yml"], "1: there is no file azure-pipeline.yml; did you mean 'azure-pipelines.yml'?"),
        (["steps/train.yml"], "1: the parameter 'model' of type string is missing"),
    ],
)
def test_the_command_refuses_in_one_sentence(workspace, words, message):
    refused = run(*words).exception
    assert isinstance(refused, InvalidPipelineError)
    assert refused.message.startswith(f"{words[0]}:{message}")
    assert refused.hint
