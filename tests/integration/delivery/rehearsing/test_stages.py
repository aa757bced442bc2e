import pytest

from modelyard.delivery.rehearsing.wishes import Company
from modelyard.errors import ConfigurationError, InvalidPipelineError


def test_stages_run_after_what_they_depend_on(project):
    project.commit(
        """
        stages:
          - stage: c
            dependsOn: b
            jobs: [{job: j, steps: [{script: echo c >> @said/marks}]}]
          - stage: a
            dependsOn: []
            jobs: [{job: j, steps: [{script: echo a >> @said/marks}]}]
          - stage: b
            dependsOn: a
            jobs: [{job: j, steps: [{script: echo b >> @said/marks}]}]
        """
    )
    assert project.rehearse().failure is None
    assert project.marks() == ["a", "b", "c"]


def test_after_a_failure_the_stages_behind_it_are_skipped_with_the_reason_and_conditions_decide(project, results_of):
    project.commit(
        """
        stages:
          - stage: a
            jobs: [{job: j, steps: [{script: exit 1}]}]
          - stage: b
            jobs: [{job: j, steps: [{script: echo}]}]
          - stage: c
            jobs: [{job: j, steps: [{script: echo}]}]
          - stage: always
            condition: always()
            jobs: [{job: j, steps: [{script: echo}]}]
          - stage: rescue
            dependsOn: a
            condition: failed()
            jobs: [{job: j, steps: [{script: echo}]}]
          - stage: look
            dependsOn: [a, b]
            condition: and(eq(dependencies.a.result, 'Failed'), eq(dependencies.b.result, 'Skipped'))
            jobs: [{job: j, steps: [{script: echo}]}]
        """
    )
    record = project.rehearse().record
    found = results_of(record)
    assert [found[name] for name in ("a", "b", "c", "always", "rescue", "look")] == [
        "Failed", "Skipped", "Skipped", "Succeeded", "Succeeded", "Succeeded",
    ]  # fmt: skip
    assert record.stage("b").reason == "before it did not succeed: a (Failed)"


def test_output_variables_go_to_jobs_stages_conditions_and_matrices(project, results_of):
    project.commit(
        """
        stages:
          - stage: one
            jobs:
              - job: make
                steps:
                  - script: |
                      say='##vso[task.setvariable variable=m;isOutput=true]'
                      echo "$say"'{"x": {"model": "credit"}, "y": {"model": "loans"}}'
                      echo '##vso[task.setvariable variable=go;isOutput=true]yes'
                    name: set
                  - script: test "$(set.go)" = yes
              - job: use
                dependsOn: make
                condition: eq(dependencies.make.outputs['set.go'], 'yes')
                variables:
                  got: $[ dependencies.make.outputs['set.go'] ]
                steps: [{script: test "$GOT" = yes}]
          - stage: two
            condition: eq(dependencies.one.outputs['make.set.go'], 'yes')
            variables:
              go: $[ stageDependencies.one.make.outputs['set.go'] ]
            jobs:
              - job: train
                strategy: {matrix: "$[ stageDependencies.one.make.outputs['set.m'] ]"}
                steps:
                  - script: |
                      test "$GO" = yes && echo "$(model)" >> @said/marks
                      echo "##vso[task.setvariable variable=run;isOutput=true]run-of-$(model)"
                    name: t
              - job: compare
                dependsOn: train
                variables:
                  x: $[ dependencies.train.outputs['x.t.run'] ]
                steps: [{script: test "$X" = run-of-credit}]
        """
    )
    finished = project.rehearse()
    assert finished.failure is None, finished.failure
    assert project.marks() == ["credit", "loans"]
    assert results_of(finished.record)["two/train.x"] == "Succeeded"


def test_outputs_of_a_stage_that_is_not_named_in_depends_on_are_not_seen_as_in_the_service(project):
    project.commit(
        """
        stages:
          - stage: one
            jobs: [{job: j, steps: [{script: "echo '##vso[task.setvariable variable=v;isOutput=true]x'", name: s}]}]
          - stage: two
            jobs: [{job: j, steps: [{script: echo}]}]
          - stage: three
            variables: {v: "$[ stageDependencies.one.j.outputs['s.v'] ]"}
            jobs: [{job: j, steps: [{script: 'test -z "$V"'}]}]
        """
    )
    assert project.rehearse().failure is None


def test_an_empty_matrix_runs_the_job_once_without_variables_and_says_so(project, results_of):
    project.commit(
        """
        jobs:
          - job: train
            strategy: {matrix: "$[ variables['models'] ]"}
            steps: [{script: echo}]
        """
    )
    record = project.rehearse().record
    assert any("the matrix of job train is empty" in warning for warning in record.warnings)
    assert results_of(record)["__default/train"] == "Succeeded"


def test_between_jobs_only_artifacts_and_tools_go_across(project):
    project.commit(
        """
        jobs:
          - job: first
            steps:
              - script: |
                  mkdir -p .venv .modelyard/tools .modelyard/bin .modelyard/local out
                  touch .venv/kept .modelyard/tools/kept .modelyard/bin/kept .modelyard/local/gone junk out/file
                  echo changed > notes.txt
                  touch "$(Pipeline.Workspace)/gone" "$(Agent.TempDirectory)/gone"
              - publish: out
                artifact: results
          - job: second
            dependsOn: first
            steps:
              - script: |
                  set -e
                  test -e .venv/kept && test -e .modelyard/tools/kept && test -e .modelyard/bin/kept
                  test ! -e junk && test ! -e .modelyard/local && test "$(cat notes.txt)" = committed
                  test -z "$(ls "$(Pipeline.Workspace)" "$(Agent.TempDirectory)" | grep gone)"
              - download: current
                artifact: results
              - script: test -e "$(Pipeline.Workspace)/results/file"
        """,
        notes__txt="committed\n",
    )
    finished = project.rehearse()
    assert finished.failure is None, (finished.failure, project.texts(finished))
    assert finished.record.artifacts == {"results": "__default/first"}


def test_a_job_that_checks_nothing_out_has_no_sources(project):
    project.commit("steps: [{checkout: none}, {script: 'test -z \"$(ls)\"'}]")
    assert project.rehearse().failure is None


def test_two_jobs_cannot_publish_one_artifact(project):
    project.commit(
        """
        jobs:
          - job: a
            steps: [{publish: notes.txt, artifact: x}]
          - job: b
            steps: [{publish: notes.txt, artifact: x}]
        """,
        notes__txt="",
    )
    assert "already published by __default/a" in project.rehearse().failure.message


def test_a_job_that_may_fail_does_not_fail_the_stage(project, results_of):
    project.commit(
        """
        jobs:
          - job: a
            continueOnError: true
            steps: [{script: exit 1}]
          - job: b
            dependsOn: a
            steps: [{script: echo}]
        """
    )
    finished = project.rehearse()
    assert finished.failure is None
    assert results_of(finished.record)["__default/b"] == "Succeeded"


def test_a_job_that_takes_too_long_is_canceled_but_what_always_runs_does(project, step_results_of):
    project.commit(
        """
        jobs:
          - job: a
            timeoutInMinutes: 1
            steps:
              - script: sleep 60
                displayName: slow
              - script: echo
                displayName: next
              - script: echo
                displayName: clean
                condition: always()
        """
    )
    record = project.rehearse(Company(person="Ada", minute=1.0)).record
    assert record.result in ("Failed", "Canceled")
    assert "took more than 1 minutes" in record.stages[0].jobs[0].reason
    assert step_results_of(record) == {"slow": "Failed", "next": "Skipped", "clean": "Succeeded"}


def test_only_the_chosen_stage_runs_and_the_others_say_so(project, results_of):
    project.commit(
        """
        stages:
          - stage: a
            jobs: [{job: j, steps: [{script: exit 1}]}]
          - stage: b
            jobs: [{job: j, steps: [{script: echo}]}]
        """
    )
    record = project.rehearse(stages=("b",)).record
    assert (record.stage("a").result, record.stage("a").reason) == ("Skipped", "not chosen with --stage")
    assert record.result == "Succeeded"


def test_a_stage_that_does_not_exist_is_refused_and_leaves_no_run(project):
    project.commit("steps: [{script: echo}]")
    with pytest.raises(ConfigurationError, match="has no stage 'x'; there are: __default"):
        project.rehearse(stages=("x",))
    assert [path.name for path in project.home.iterdir() if path.is_dir()] == []


def test_a_malformed_pipeline_is_refused_with_file_and_line_and_leaves_no_run(project):
    project.commit("steps:\n  - scrpt: echo\n")
    with pytest.raises(InvalidPipelineError, match=r"^pipeline\.yml:2"):
        project.rehearse()
    assert [path.name for path in project.home.iterdir() if path.is_dir()] == []


def test_a_condition_that_cannot_be_worked_out_fails_its_stage_with_file_and_line(project):
    project.commit(
        """
        stages:
          - stage: a
            condition: eqq(1, 1)
            jobs: [{job: j, steps: [{script: echo}]}]
        """
    )
    try:
        failure = project.rehearse().failure
    except InvalidPipelineError as error:
        failure = error
    assert "pipeline.yml:" in failure.message
    assert "eqq" in failure.message


def test_parameters_reach_the_templates_and_a_dot_makes_a_predefined_variable(project):
    project.commit(
        """
        parameters: [{name: model, type: string, default: none}]
        steps:
          - ${{ if eq(variables['Build.Reason'], 'PullRequest') }}:
            - script: test "${{ parameters.model }} $(System.PullRequest.PullRequestId)" = "credit 1"
          - ${{ else }}:
            - script: exit 1
        """
    )
    finished = project.rehearse(settings={"model": "credit", "Build.Reason": "PullRequest"})
    assert finished.failure is None, finished.failure


def test_variable_groups_come_from_the_secrets_file_and_missing_ones_are_named(project):
    project.commit(
        """
        variables:
          - group: dev
          - group: other
        steps: [{script: test "$REGION" = westeurope}]
        """
    )
    file = project.root.parent / "s.yml"
    file.write_text("dev: {region: {value: westeurope, secret: false}}\n")
    file.chmod(0o600)
    finished = project.rehearse(secrets=file)
    assert finished.failure is None
    assert any("variable group other" in warning for warning in finished.record.warnings)
