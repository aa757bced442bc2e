"""Templates: where a reference leads, what a template may hold, and what it sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.delivery.expanding.expansion import expand
from modelyard.errors import InvalidPipelineError


def step(text):
    return f"steps:\n- script: {text}\n"


def test_steps_jobs_and_stages_come_from_templates_in_their_order(final, plain_yaml):
    files = {
        "steps.yml": "steps: [script: s1, script: s2]",
        "jobs.yml": "jobs:\n- job: b\n  steps:\n  - template: steps.yml\n",
        "stages.yml": "stages:\n- stage: two\n  jobs:\n  - template: jobs.yml\n  - job: c\n    steps: []\n",
    }
    entry = """
        stages:
        - stage: one
          jobs:
          - job: a
            steps:
            - script: first
            - template: steps.yml
            - script: last
        - template: stages.yml
    """
    assert final(entry, files)["stages"] == plain_yaml("""
        - stage: one
          jobs:
          - job: a
            steps: [script: first, script: s1, script: s2, script: last]
        - stage: two
          jobs:
          - job: b
            steps: [script: s1, script: s2]
          - job: c
            steps: []
    """)


def test_the_hooks_of_a_deployment_take_templates_too(final):
    entry = """
        jobs:
        - deployment: d
          environment: e
          strategy:
            rolling:
              preDeploy: {steps: [template: s.yml]}
              deploy: {steps: [template: s.yml]}
              on:
                failure: {steps: [template: s.yml]}
    """
    rolling = final(entry, {"s.yml": step("x")})["jobs"][0]["strategy"]["rolling"]
    for hook in (rolling["preDeploy"], rolling["deploy"], rolling["on"]["failure"]):
        assert hook == {"steps": [{"script": "x"}]}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("b.yml", "dir1/b.yml"),
        ("dir2/c.yml", "dir1/dir2/c.yml"),
        ("../a.yml", "a.yml"),
        ("/a.yml", "a.yml"),
        ("/dir1/dir2/c.yml", "dir1/dir2/c.yml"),
        ("./dir2/../b.yml@self", "dir1/b.yml"),
        ("dir2\\c.yml", "dir1/dir2/c.yml"),
        ("${{ format('dir{0}/c.yml', 2) }}", "dir1/dir2/c.yml"),
    ],
)
def test_a_path_is_taken_from_the_file_it_is_written_in(expanded, reference, found):
    files = {name: step(name) for name in ("a.yml", "dir1/b.yml", "dir1/dir2/c.yml")}
    entry = f"steps:\n- template: '{reference.replace(chr(39), chr(39) * 2)}'\n"
    expansion = expanded(entry, files, file="dir1/main.yml")
    assert expansion.templates == (found,)
    assert expansion.document == {"steps": [{"script": found}]}


def test_a_template_takes_templates_from_its_own_folder(final):
    files = {"t/outer.yml": "steps:\n- template: parts/inner.yml\n", "t/parts/inner.yml": step("inner")}
    assert final("steps:\n- template: t/outer.yml\n", files)["steps"] == [{"script": "inner"}]


def test_a_template_sees_its_own_parameters_and_not_those_of_the_file_that_names_it(expanded):
    entry = """
        parameters:
        - name: mine
          default: x
        steps:
        - template: t.yml
    """
    with pytest.raises(InvalidPipelineError, match=r"t.yml:5: there is no parameter mine here"):
        expanded(entry, {"t.yml": "parameters:\n- name: own\n  default: x\n" + step("${{ parameters.mine }}")})


@pytest.mark.parametrize("declared", ["", "parameters:\n  own: x\n"])
def test_a_template_of_the_old_form_takes_what_it_does_not_declare_and_reads_nothing_where_nothing_was_given(
    final, declared
):
    """As the service was seen to do: public templates of the old form pass on more than they name."""
    entry = "steps:\n- template: t.yml\n  parameters: {given: there}\n"
    template = declared + step("${{ parameters.given }}, '${{ parameters.never }}'")
    assert final(entry, {"t.yml": template})["steps"] == [{"script": "there, ''"}]


def test_a_pipeline_has_no_old_form_that_takes_what_it_does_not_declare(expanded):
    with pytest.raises(InvalidPipelineError, match=r"azure-pipelines.yml:2: there is no parameter never here"):
        expanded("steps:\n- script: ${{ parameters.never }}\n")


BRANCHES = ("${{ if false }}", "${{ else }}", "${{ each one in parameters.none }}")


@pytest.mark.parametrize("wrong", ["${{ 3 + 4 }}", "${{ else }}", "a ${{ eq(1 }}", "${{ upper( }}"])
@pytest.mark.parametrize("branch", BRANCHES)
def test_an_expression_that_is_none_is_refused_in_a_branch_that_is_never_taken_too(expanded, branch, wrong):
    before = "- ${{ if true }}:\n  - script: x\n" if "else" in branch else ""
    top = "parameters:\n- {name: none, type: object, default: []}\n"
    entry = f"{top}steps:\n{before}- {branch}:\n  - script: {wrong}\n- script: y\n"
    with pytest.raises(InvalidPipelineError, match=rf"azure-pipelines.yml:{entry.count(chr(10)) - 1}: "):
        expanded(entry)


def test_names_are_not_looked_at_in_a_branch_that_is_never_taken(final):
    entry = "steps:\n- ${{ if false }}:\n  - script: ${{ unknown.name }}\n- script: y\n"
    assert final(entry)["steps"] == [{"script": "y"}]


def test_a_pipeline_extends_a_template_and_adds_its_trigger_its_pool_and_its_variables(pipeline, final, plain_yaml):
    template = """
        parameters:
        - name: flow
        resources:
          pipelines:
          - pipeline: upstream
            source: Other
        stages:
        - stage: ${{ parameters.flow }}
          jobs:
          - job: a
            steps:
            - script: echo ${{ variables.from_entry }}2
    """
    entry = """
        trigger: [main]
        pool: {vmImage: ubuntu-24.04}
        resources:
          pipelines:
          - pipeline: mine
            source: Mine
        variables: {from_entry: 1}
        extends:
          template: pipelines/governed.yml
          parameters:
            flow: main
    """
    files = {"pipelines/governed.yml": template}
    assert final(entry, files) == plain_yaml("""
        trigger: [main]
        resources:
          pipelines:
          - {pipeline: mine, source: Mine}
          - {pipeline: upstream, source: Other}
        variables:
          from_entry: 1
        pool: {vmImage: ubuntu-24.04}
        stages:
        - stage: main
          jobs:
          - job: a
            steps:
            - script: echo 12
    """)
    assert pipeline(entry, files).extends == "pipelines/governed.yml"


def test_a_template_that_is_extended_can_extend_another_one(pipeline):
    files = {
        "one.yml": "parameters:\n- name: n\nextends:\n  template: two.yml\n  parameters: {m: '${{ parameters.n }}x'}\n",
        "two.yml": "parameters:\n- name: m\nsteps:\n- script: ${{ parameters.m }}\n",
    }
    found = pipeline("extends:\n  template: one.yml\n  parameters: {n: a}\n", files)
    assert next(found.jobs)[1].steps[0].does == "ax"
    assert found.extends == "one.yml"
    assert found.templates == ("one.yml", "two.yml")


def test_a_parameter_can_choose_the_template(final):
    entry = """
        parameters:
        - name: experimental
          type: boolean
          default: false
        steps:
        - ${{ if eq(parameters.experimental, true) }}:
          - template: experimental.yml
        - ${{ if not(eq(parameters.experimental, true)) }}:
          - template: stable.yml
    """
    files = {"stable.yml": step("stable")}
    assert final(entry, files)["steps"] == [{"script": "stable"}]
    with pytest.raises(InvalidPipelineError, match=r"there is no file experimental\.yml"):
        final(entry, files, parameters={"experimental": "true"})


def test_a_template_may_use_itself_as_long_as_it_comes_to_an_end(final):
    counted = """
        parameters:
        - {name: n, type: number}
        steps:
        - script: n is ${{ parameters.n }}
        - ${{ if lt(parameters.n, 3) }}:
          - template: count.yml
            parameters:
              ${{ if eq(parameters.n, 1) }}: {n: 2}
              ${{ else }}: {n: 3}
    """
    steps = final("steps:\n- template: count.yml\n  parameters: {n: 1}\n", {"count.yml": counted})["steps"]
    assert [found["script"] for found in steps] == ["n is 1", "n is 2", "n is 3"]


def test_a_circle_is_refused_with_the_chain_of_its_files(expanded):
    files = {
        "a.yml": "steps:\n- template: b.yml\n",
        "b.yml": "steps:\n- template: c.yml\n",
        "c.yml": "steps:\n- template: a.yml\n",
    }
    with pytest.raises(InvalidPipelineError) as refused:
        expanded("steps:\n- template: a.yml\n", files)
    assert "templates use each other in a circle" in refused.value.message
    assert "b.yml → c.yml → a.yml" in refused.value.message
    assert "from azure-pipelines.yml:2" in refused.value.message


def test_an_error_in_a_template_says_which_line_brought_it_in(expanded):
    files = {"jobs.yml": "jobs:\n- job: a\n  steps:\n  - template: steps.yml\n", "steps.yml": step("${{ upper() }}")}
    with pytest.raises(InvalidPipelineError) as refused:
        expanded("jobs:\n- template: jobs.yml\n", files)
    assert refused.value.message.startswith("steps.yml:2: ")
    assert refused.value.message.endswith("[used at jobs.yml:4, from azure-pipelines.yml:2]")


def test_a_file_that_is_used_often_is_read_once(expanded):
    read = []

    class Counted(dict):
        def get(self, name):
            read.append(name)
            return super().get(name)

    entry = b"steps:\n" + b"- template: t.yml\n" * 50
    files = Counted({"a.yml": entry, "t.yml": b"steps:\n- script: x\n"})
    assert len(expand(Path("/nowhere"), "a.yml", read=files.get).document["steps"]) == 50
    assert read == ["a.yml", "t.yml"]


def test_files_are_read_from_the_folder_and_never_from_outside_it(tmp_path):
    root = tmp_path / "repository"
    (root / "steps").mkdir(parents=True)
    (tmp_path / "secret.yml").write_text(step("secret"))
    (root / "linked.yml").symlink_to(tmp_path / "secret.yml")
    (root / "steps" / "build.yml").write_text(step("build"))
    (root / "a.yml").write_text("steps:\n- template: steps/build.yml\n")
    (root / "b.yml").write_text("steps:\n- template: linked.yml\n")
    (root / "c.yml").write_text("steps:\n- template: steps/biuld.yml\n")
    assert expand(root, "a.yml").document == {"steps": [{"script": "build"}]}
    with pytest.raises(InvalidPipelineError, match=r"there is no file linked\.yml"):
        expand(root, "b.yml")
    with pytest.raises(InvalidPipelineError, match=r"did you mean 'steps/build.yml'\?"):
        expand(root, "c.yml")
