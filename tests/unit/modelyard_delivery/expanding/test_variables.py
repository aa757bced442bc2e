"""Variables while templates are expanded: both forms, templates, groups, and who sees what."""

from __future__ import annotations


def test_a_variable_can_build_on_those_before_it(final):
    entry = """
        variables:
          static: my
          made: ${{ variables.static }} value
          runtime: $[ eq(variables['Build.SourceBranch'], 'refs/heads/main') ]
        steps:
        - script: ${{ variables.made }} / ${{ variables.runtime }}
    """
    found = final(entry)
    assert found["variables"]["made"] == "my value"
    runtime = "$[ eq(variables['Build.SourceBranch'], 'refs/heads/main') ]"
    assert found["steps"] == [{"script": f"my value / {runtime}"}]


def test_variables_are_known_wherever_they_stand_in_their_part(final):
    entry = """
        steps:
        - script: ${{ variables.late }}
        variables:
          late: known
    """
    assert final(entry)["steps"] == [{"script": "known"}]


def test_stages_and_jobs_see_variables_around_them_and_not_those_beside_them(final):
    entry = """
        variables:
        - {name: a, value: root}
        - {name: b, value: root}
        stages:
        - stage: one
          variables: {b: stage, c: stage}
          jobs:
          - job: x
            variables: {c: job}
            steps:
            - script: ${{ variables.a }} ${{ variables.b }} ${{ variables.c }}
          - job: y
            steps:
            - script: ${{ variables.a }} ${{ variables.b }} ${{ variables.c }}
        - stage: two
          jobs:
          - job: x
            steps:
            - script: ${{ variables.a }} ${{ variables.b }} ${{ variables.c }}.
    """
    stages = final(entry)["stages"]
    assert stages[0]["jobs"][0]["steps"] == [{"script": "root stage job"}]
    assert stages[0]["jobs"][1]["steps"] == [{"script": "root stage stage"}]
    assert stages[1]["jobs"][0]["steps"] == [{"script": "root root ."}]


def test_names_of_variables_do_not_depend_on_case(final):
    entry = """
        variables:
        - {name: Flow, value: first}
        - {name: FLOW, value: second}
        steps:
        - script: ${{ variables.flow }}
    """
    assert final(entry)["steps"] == [{"script": "second"}]


def test_variables_come_from_templates_with_parameters(final, plain_yaml):
    template = """
        parameters:
        - name: directory
          default: "."
        variables:
        - name: release
          value: grep version ${{ parameters.directory }}/package.json
        - ${{ if eq(variables.known, 'yes') }}:
          - name: seen
            value: before
    """
    entry = """
        variables:
        - {name: known, value: yes}
        - template: variables/release.yml
          parameters: {directory: azure/checker}
        - group: secrets
        - {name: fixed, value: x, readonly: true}
        stages:
        - stage: release
          variables:
          - template: variables/release.yml
          jobs:
          - job: a
            steps:
            - script: ${{ variables.release }} ${{ variables.seen }}
    """
    found = final(entry, {"variables/release.yml": template})
    assert found["variables"] == plain_yaml("""
        - {name: known, value: yes}
        - {name: release, value: grep version azure/checker/package.json}
        - {name: seen, value: before}
        - group: secrets
        - {name: fixed, value: x, readonly: true}
    """)
    steps = found["stages"][0]["jobs"][0]["steps"]
    assert steps == [{"script": "grep version ./package.json before"}]


def test_a_variables_template_in_the_short_form_joins_a_list(final, plain_yaml):
    entry = "variables:\n- template: v.yml\nsteps:\n- script: ${{ variables.veggie }}\n"
    found = final(entry, {"v.yml": "variables:\n  veggie: sprouts\n"})
    assert found["variables"] == plain_yaml("[{name: veggie, value: sprouts}]")
    assert found["steps"] == [{"script": "sprouts"}]


def test_predefined_variables_are_those_that_are_given_and_all_others_are_empty(final):
    entry = """
        steps:
        - script: ${{ variables['Build.SourceBranch'] }}|${{ variables['System.Nothing'] }}|
        - ${{ if eq(variables['build.reason'], 'Schedule') }}:
          - script: scheduled
    """
    given = {"Build.SourceBranch": "refs/heads/main", "Build.Reason": "Schedule"}
    assert final(entry, variables=given)["steps"] == [{"script": "refs/heads/main||"}, {"script": "scheduled"}]
    assert final(entry)["steps"] == [{"script": "||"}]


def test_a_condition_decides_whether_a_variable_is_there(pipeline):
    entry = """
        variables:
        - ${{ if eq(variables['Build.Reason'], 'PullRequest') }}:
          - {name: flow, value: small}
        - ${{ else }}:
          - {name: flow, value: whole}
        steps:
        - script: ${{ variables.flow }}
    """
    found = pipeline(entry, variables={"Build.Reason": "PullRequest"})
    assert [(variable.name, variable.value) for variable in found.variables] == [("flow", "small")]
    assert next(pipeline(entry).jobs)[1].steps[0].does == "whole"


def test_typed_variables_know_groups_and_what_is_readonly(pipeline):
    entry = """
        variables:
        - group: vault
        - {name: fixed, value: 1, readonly: true}
        jobs:
        - job: a
          variables: {own: yes}
          steps: []
    """
    found = pipeline(entry)
    seen = [(variable.name, variable.value, variable.group, variable.readonly) for variable in found.variables]
    assert seen == [("vault", "", True, False), ("fixed", "1", False, True)]
    assert found.variables[1].place.line == 4
    assert next(found.jobs)[1].variables[0].value == "yes"
