"""`if`, `elseif`, `else`, `each` and `insert`: hand-checked expansions, modelled on the service's documentation."""

from __future__ import annotations

import pytest

WRAPPED_JOBS = """
    parameters:
    - name: jobs
      type: jobList
    jobs:
    - job: Scan
      steps:
      - script: scan
    - ${{ each job in parameters.jobs }}:
      - ${{ each pair in job }}:
          ${{ if notIn(pair.key, 'steps', 'dependsOn') }}:
            ${{ pair.key }}: ${{ pair.value }}
        dependsOn:
        - Scan
        - ${{ if job.dependsOn }}:
          - ${{ job.dependsOn }}
        steps:
        - script: before
        - ${{ job.steps }}
        - script: after
          condition: always()
"""


def test_every_job_that_is_passed_on_gets_steps_around_its_own_and_one_more_dependency(final, plain_yaml):
    entry = """
        jobs:
        - template: wrap.yml
          parameters:
            jobs:
            - job: A
              displayName: First
              steps:
              - script: own a
            - job: B
              dependsOn: [A]
              steps:
              - script: own b 1
              - script: own b 2
    """
    assert final(entry, {"wrap.yml": WRAPPED_JOBS}) == plain_yaml("""
        jobs:
        - job: Scan
          steps:
          - script: scan
        - job: A
          displayName: First
          dependsOn: [Scan]
          steps:
          - script: before
          - script: own a
          - script: after
            condition: always()
        - job: B
          dependsOn: [Scan, A]
          steps:
          - script: before
          - script: own b 1
          - script: own b 2
          - script: after
            condition: always()
    """)


@pytest.mark.parametrize(
    ("tool", "scripts"),
    [("make", ["start", "make", "end"]), ("tox", ["start", "tox", "report", "end"]), ("", ["start", "none", "end"])],
)
def test_a_list_takes_one_branch_of_if_elseif_else(final, tool, scripts):
    entry = """
        parameters:
        - name: tool
        steps:
        - script: start
        - ${{ if eq(parameters.tool, 'make') }}:
          - script: make
        - ${{ elseif eq(parameters.tool, 'tox') }}:
          - script: tox
          - script: report
        - ${{ else }}:
          - script: none
        - script: end
    """
    steps = final(entry, parameters={"tool": tool})["steps"]
    assert [step["script"] for step in steps] == scripts


def test_a_branch_behind_the_one_that_was_taken_is_not_looked_at(final):
    entry = """
        parameters:
        - name: list
          type: object
          default: [a]
        steps:
        - ${{ if eq(1, 1) }}:
          - script: taken
        - ${{ elseif gt('no number', 1) }}:
          - script: would fail
        - ${{ else }}:
          - script: neither
    """
    assert final(entry)["steps"] == [{"script": "taken"}]


def test_a_mapping_takes_the_keys_of_the_branch_that_holds(final, plain_yaml):
    entry = """
        parameters:
        - name: debug
          type: boolean
        - name: level
          type: number
          default: 2
        steps:
        - script: tool
          env:
            FIRST: 1
            ${{ if parameters.debug }}:
              DEBUG: yes
              ${{ if gt(parameters.level, 1) }}:
                LEVEL: ${{ parameters.level }}
            ${{ else }}:
              QUIET: yes
            LAST: 9
    """
    assert final(entry, parameters={"debug": "true"})["steps"][0]["env"] == plain_yaml(
        "{FIRST: 1, DEBUG: yes, LEVEL: 2, LAST: 9}"
    )
    assert final(entry, parameters={"debug": False})["steps"][0]["env"] == plain_yaml("{FIRST: 1, QUIET: yes, LAST: 9}")


def test_two_conditions_of_the_same_text_may_stand_in_one_mapping(final):
    entry = """
        steps:
        - script: a
          env:
            ${{ if eq(1, 1) }}:
              A: a
            B: b
            ${{ if eq(1, 1) }}:
              C: c
    """
    assert final(entry)["steps"][0]["env"] == {"A": "a", "B": "b", "C": "c"}


def test_each_goes_over_the_keys_and_values_of_an_object_and_builds_keys(final, plain_yaml):
    entry = """
        parameters:
        - name: tools
          type: object
          default:
            build: {command: make, args: [all, test]}
            pack: {command: tar}
        stages:
        - ${{ each tool in parameters.tools }}:
          - stage: do_${{ tool.key }}
            jobs:
            - job: only
              variables:
                ${{ tool.key }}_command: ${{ tool.value.command }}
              steps:
              - ${{ each arg in tool.value.args }}:
                - script: ${{ tool.value.command }} ${{ arg }}
              - script: $(${{ tool.key }}_command) --version
    """
    assert final(entry)["stages"] == plain_yaml("""
        - stage: do_build
          jobs:
          - job: only
            variables: {build_command: make}
            steps:
            - script: make all
            - script: make test
            - script: $(build_command) --version
        - stage: do_pack
          jobs:
          - job: only
            variables: {pack_command: tar}
            steps:
            - script: $(pack_command) --version
    """)


def test_each_in_a_mapping_adds_keys_for_every_item(final):
    entry = """
        parameters:
        - name: pairs
          type: object
          default:
          - {key: ONE, value: first}
          - {key: TWO, value: second}
        steps:
        - script: a
          env:
            BEFORE: x
            ${{ each pair in parameters.pairs }}:
              pre_${{ pair.key }}: pre ${{ pair.value }}
              ${{ pair.key }}: ${{ pair.value }}
    """
    env = {"BEFORE": "x", "pre_ONE": "pre first", "ONE": "first", "pre_TWO": "pre second", "TWO": "second"}
    assert final(entry)["steps"][0]["env"] == env


def test_insert_puts_an_object_into_a_mapping_and_a_list_into_a_list(final):
    entry = """
        parameters:
        - name: more
          type: object
          default: {SUITE: L0}
        - name: steps
          type: stepList
          default:
          - script: inserted
        jobs:
        - job: a
          variables:
            ARCH: x86
            ${{ insert }}: ${{ parameters.more }}
          steps:
          - ${{ insert }}: ${{ parameters.steps }}
    """
    job = final(entry)["jobs"][0]
    assert job["variables"] == {"ARCH": "x86", "SUITE": "L0"}
    assert job["steps"] == [{"script": "inserted"}]


def test_a_list_inside_a_list_is_flattened_by_one_level(final):
    entry = """
        parameters:
        - name: branches
          type: object
          default: [[a, b], c]
        steps:
        - script: ${{ join(',', parameters.branches[0]) }}
        - task: Some@1
          inputs:
            json: ${{ convertToJson(parameters.branches[0]) }}
        - ${{ each pair in parameters.branches }}:
          - script: item
    """
    steps = final(entry)["steps"]
    assert steps[0] == {"script": "a,b"}
    assert len(steps) == 4


@pytest.mark.parametrize("nothing", ["", "[]", "{}"])
def test_each_over_nothing_adds_nothing(final, nothing):
    entry = f"""
        parameters:
        - name: list
          type: object
          default: {nothing or "''"}
        steps:
        - ${{{{ each item in parameters.list }}}}:
          - script: ${{{{ item }}}}
        - script: last
    """
    assert final(entry)["steps"] == [{"script": "last"}]


def test_a_text_that_is_one_expression_becomes_what_its_value_is(final):
    entry = """
        parameters:
        - name: pool
          type: object
          default: {vmImage: ubuntu-24.04, demands: [one, two]}
        - name: on
          type: boolean
          default: true
        - name: size
          type: number
          default: 2.50
        pool: ${{ parameters.pool }}
        steps:
        - script: a ${{ parameters.on }} ${{ parameters.size }}
          enabled: ${{ parameters.on }}
          timeoutInMinutes: ${{ parameters.size }}
    """
    found = final(entry)
    assert found["pool"] == {"vmImage": "ubuntu-24.04", "demands": ["one", "two"]}
    assert found["steps"] == [{"script": "a True 2.5", "enabled": "True", "timeoutInMinutes": "2.5"}]


def test_an_opening_that_is_meant_as_text_is_written_as_a_string(final):
    entry = """
        steps:
        - script: ${{ 'echo ${{ x }} it''s' }}
    """
    assert final(entry)["steps"] == [{"script": "echo ${{ x }} it's"}]


def test_what_came_out_of_an_expression_is_not_expanded_again(final):
    entry = """
        steps:
        - template: echo.yml
          parameters:
            text: ${{ '${{ parameters.secret }}' }}
    """
    echo = """
        parameters:
        - name: text
        - name: secret
          default: leaked
        steps:
        - script: ${{ parameters.text }}
        - script: say ${{ parameters.text }}
    """
    steps = final(entry, {"echo.yml": echo})["steps"]
    assert [step["script"] for step in steps] == ["${{ parameters.secret }}", "say ${{ parameters.secret }}"]


def test_macros_and_runtime_expressions_stay_as_they_are(final):
    entry = """
        jobs:
        - job: a
          condition: and(succeeded(), eq('${{ variables['Build.Reason'] }}', 'Manual'))
          variables:
            later: $[ dependencies.x.outputs['y.z'] ]
          steps:
          - script: echo $(later) ${HOME} $(pwd)
    """
    job = final(entry, variables={"Build.Reason": "Manual"})["jobs"][0]
    assert job["condition"] == "and(succeeded(), eq('Manual', 'Manual'))"
    assert job["variables"] == {"later": "$[ dependencies.x.outputs['y.z'] ]"}
    assert job["steps"] == [{"script": "echo $(later) ${HOME} $(pwd)"}]


def test_a_loops_variable_is_seen_inside_its_loop_only(final, expanded):
    inner = """
        parameters:
        - name: word
        steps:
        - script: ${{ parameters.word }}
    """
    entry = """
        parameters:
        - name: words
          type: object
          default: [a, b]
        steps:
        - ${{ each word in parameters.words }}:
          - template: say.yml
            parameters: {word: '${{ upper(word) }}'}
    """
    assert final(entry, {"say.yml": inner})["steps"] == [{"script": "A"}, {"script": "B"}]
    with pytest.raises(Exception, match=r"say.yml:5: word is not known here"):
        expanded(entry, {"say.yml": inner.replace("parameters.word }}", "word }}")})
