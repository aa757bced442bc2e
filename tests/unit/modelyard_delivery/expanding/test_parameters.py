"""Parameters: types, values, defaults, and what a caller may give."""

from __future__ import annotations

import json

import pytest

from modelyard.errors import InvalidPipelineError

TYPED = """
    parameters:
    - name: text
      default: hello
    - name: size
      type: number
      default: 2
      values: [1, 2, 4.0]
    - name: tested
      type: boolean
      default: false
    - name: things
      type: object
      default: {}
    - name: toolset
      values: [msbuild, dotnet]
      default: dotnet
    steps:
    - script: ${{ parameters.text }} ${{ parameters.size }} ${{ parameters.tested }} ${{ parameters.toolset }}
      env:
        HALF: ${{ gt(parameters.size, 1.5) }}
        THINGS: ${{ convertToJson(parameters.things) }}
        ${{ if parameters.tested }}:
          TESTED: 1
"""


def line(document):
    return document["steps"][0]["script"]


def test_defaults_hold_where_nothing_is_given(final):
    found = final(TYPED)
    assert line(found) == "hello 2 False dotnet"
    assert found["steps"][0]["env"] == {"HALF": "True", "THINGS": "{}"}


def test_texts_from_outside_are_read_as_the_declared_type(final):
    given = {"text": "true", "size": "4", "tested": "True", "things": "{a: [1, two]}", "TOOLSET": "msbuild"}
    found = final(TYPED, parameters=given)
    assert line(found) == "true 4 True msbuild"
    env = found["steps"][0]["env"]
    assert env["TESTED"] == "1"
    assert env["THINGS"].split() == ["{", '"a":', "[", "1,", '"two"', "]", "}"]


def test_plain_values_from_a_program_are_taken_too(final):
    found = final(TYPED, parameters={"size": 1, "tested": True, "things": {"a": [1, True]}})
    assert line(found) == "hello 1 True dotnet"
    assert found["steps"][0]["env"]["THINGS"].split() == ["{", '"a":', "[", "1,", "true", "]", "}"]


def test_a_number_is_equal_to_another_way_to_write_it(final):
    assert line(final(TYPED, parameters={"size": "4.00"})) == "hello 4 False dotnet"


def test_inside_an_object_bare_words_have_types_and_what_an_expression_gave_is_text(final):
    """As the service does it: `true` is a boolean there, but the value of a boolean parameter comes as a text."""
    entry = """
        parameters:
        - name: flag
          type: boolean
          default: false
        steps:
        - template: seen.yml
          parameters:
            item: {bare: false, quoted: "false", passed: "${{ parameters.flag }}", size: 1.50, none: ~, version: 1.2.3}
    """
    seen = """
        parameters:
        - {name: item, type: object}
        steps:
        - script: ${{ convertToJson(parameters.item) }}
        - ${{ if parameters.item.bare }}:
          - script: not here
        - ${{ if parameters.item.quoted }}:
          - script: a text is true
    """
    steps = final(entry, {"seen.yml": seen})["steps"]
    expected = {"bare": False, "quoted": "false", "passed": "False", "size": 1.5, "none": None, "version": "1.2.3"}
    assert json.loads(steps[0]["script"]) == expected
    assert steps[1:] == [{"script": "a text is true"}]


def test_parameters_of_the_old_form_are_always_texts(final):
    old = "parameters:\n  on: false\nsteps:\n- ${{ if parameters.on }}:\n  - script: a text is true\n"
    assert final("steps:\n- template: old.yml\n", {"old.yml": old})["steps"] == [{"script": "a text is true"}]


GUARDED = """
    parameters:
    - name: steps
      type: stepList
      default: []
    steps:
    - ${{ each step in parameters.steps }}:
      - ${{ each pair in step }}:
          ${{ if ne(pair.value, 'CmdLine@2') }}:
            ${{ pair.key }}: ${{ pair.value }}
          ${{ else }}:
            '${{ pair.value }}': refused
"""


def test_a_template_that_looks_at_steps_finds_the_task_behind_a_script(final, pipeline):
    entry = "extends:\n  template: guard.yml\n  parameters:\n    steps:\n    - {word}: make\n      displayName: Make\n"
    files = {"guard.yml": GUARDED}
    seen = {"task": "Bash@3", "inputs": {"targetType": "inline", "script": "make"}, "displayName": "Make"}
    assert final(entry.format(word="bash"), files)["steps"] == [seen]
    with pytest.raises(InvalidPipelineError, match=r"guard\.yml:\d+: a step needs a key .* found 'CmdLine@2'"):
        pipeline(entry.format(word="script"), files)


def test_a_step_that_is_put_in_as_a_whole_stays_as_it_was_written(final):
    template = """
        parameters:
        - {name: steps, type: stepList}
        steps:
        - ${{ each one in parameters.steps }}:
          - ${{ one }}
    """
    entry = "steps:\n- template: t.yml\n  parameters:\n    steps: [script: make]\n"
    assert final(entry, {"t.yml": template})["steps"] == [{"script": "make"}]


def test_templates_in_a_list_of_steps_are_brought_in_before_it_is_passed_on(final):
    template = """
        parameters:
        - {name: steps, type: stepList}
        steps:
        - script: ${{ length(parameters.steps) }}
        - ${{ parameters.steps }}
    """
    entry = "steps:\n- template: t/wrap.yml\n  parameters:\n    steps:\n    - template: two.yml\n    - script: c\n"
    steps = final(entry, {"t/wrap.yml": template, "two.yml": "steps: [script: a, script: b]"})["steps"]
    assert [step["script"] for step in steps] == ["3", "a", "b", "c"]


def test_an_entry_file_takes_the_first_of_its_values_where_it_has_no_default(final):
    entry = """
        parameters:
        - name: image
          values: [ubuntu-24.04, windows-2022]
        steps:
        - script: ${{ parameters.image }}
    """
    assert line(final(entry)) == "ubuntu-24.04"


def test_steps_jobs_and_stages_are_passed_on_as_lists_and_alone(final, plain_yaml):
    template = """
        parameters:
        - {name: step, type: step}
        - {name: steps, type: stepList}
        - {name: job, type: job}
        - {name: jobs, type: jobList}
        - {name: deployment, type: deployment}
        - {name: deployments, type: deploymentList}
        - {name: stage, type: stage}
        - {name: stages, type: stageList}
        stages:
        - stage: own
          jobs:
          - job: own
            steps:
            - ${{ parameters.step }}
            - ${{ parameters.steps }}
          - ${{ parameters.job }}
          - ${{ parameters.jobs }}
          - ${{ parameters.deployment }}
          - ${{ parameters.deployments }}
        - ${{ parameters.stage }}
        - ${{ parameters.stages }}
    """
    deployment = "environment: e, strategy: {runOnce: {deploy: {steps: [script: d]}}}"
    entry = f"""
        extends:
          template: all.yml
          parameters:
            step: {{script: one}}
            steps: [script: two, script: three]
            job: {{job: j1, steps: []}}
            jobs: [{{job: j2, steps: []}}, {{deployment: d0, {deployment}}}]
            deployment: {{deployment: d1, {deployment}}}
            deployments: [{{deployment: d2, {deployment}}}]
            stage: {{stage: s1, jobs: [{{job: a, steps: []}}]}}
            stages: [{{stage: s2, jobs: [{{job: a, steps: []}}]}}]
    """
    stages = final(entry, {"all.yml": template})["stages"]
    assert [stage["stage"] for stage in stages] == ["own", "s1", "s2"]
    jobs = stages[0]["jobs"]
    assert [job.get("job", job.get("deployment")) for job in jobs] == ["own", "j1", "j2", "d0", "d1", "d2"]
    assert jobs[0]["steps"] == plain_yaml("[script: one, script: two, script: three]")


def test_steps_that_are_passed_on_keep_the_line_they_were_written_on(pipeline):
    template = """
        parameters:
        - {name: steps, type: stepList}
        steps:
        - script: template
        - ${{ parameters.steps }}
    """
    entry = """
        steps:
        - template: steps/wrap.yml
          parameters:
            steps:
            - script: mine
    """
    found = pipeline(entry, {"steps/wrap.yml": template})
    steps = next(found.jobs)[1].steps
    assert [str(step.place) for step in steps] == ["steps/wrap.yml:5", "azure-pipelines.yml:6"]


def test_the_old_form_of_parameters_still_works_in_templates(final):
    template = """
        parameters:
          pool: {}
          name: nobody
        jobs:
        - job: build
          pool: ${{ parameters.pool }}
          steps:
          - script: hello ${{ parameters.name }}
    """
    entry = """
        jobs:
        - template: old.yml
          parameters:
            pool: {vmImage: ubuntu-24.04}
    """
    job = final(entry, {"old.yml": template})["jobs"][0]
    assert job["pool"] == {"vmImage": "ubuntu-24.04"}
    assert job["steps"] == [{"script": "hello nobody"}]


def test_the_payload_of_a_webhook_is_a_parameter_that_is_empty_without_one(final):
    entry = """
        resources:
          webhooks:
          - webhook: promotion
            connection: registry
        steps:
        - script: serve ${{ parameters.promotion.model.name }}
    """
    assert line(final(entry)) == "serve "
    assert line(final(entry, parameters={"promotion": '{"model": {"name": "delay"}}'})) == "serve delay"
    assert line(final(entry, parameters={"promotion": {"model": {"name": "delay"}}})) == "serve delay"


def test_a_mismatch_names_where_it_is_used_and_where_it_is_declared(expanded):
    template = """
        parameters:
        - name: yesNo
          type: boolean
        steps:
        - script: echo ${{ parameters.yesNo }}
    """
    entry = """
        trigger: none
        extends:
          template: simple.yml
          parameters:
            yesNo: apples
    """
    with pytest.raises(InvalidPipelineError) as refused:
        expanded(entry, {"simple.yml": template})
    assert refused.value.message == (
        "azure-pipelines.yml:6: the parameter 'yesNo' has the type boolean, found 'apples' (declared at simple.yml:3)"
    )
    assert refused.value.hint == "write true or false"


def test_a_list_of_texts_is_only_for_entry_files_and_each_text_is_checked(final, expanded):
    entry = """
        parameters:
        - name: regions
          type: stringList
          values: [west, east, north]
          default: [west]
        steps:
        - ${{ each region in parameters.regions }}:
          - script: ${{ region }}
    """
    assert final(entry, parameters={"regions": ["east", "west"]})["steps"] == [{"script": "east"}, {"script": "west"}]
    with pytest.raises(InvalidPipelineError, match="'regions' cannot be 'nord'; did you mean 'north'"):
        expanded(entry, parameters={"regions": "[nord]"})
    with pytest.raises(InvalidPipelineError, match="only for the parameters of a pipeline"):
        expanded("steps:\n- template: t.yml", {"t.yml": entry})
