import sys

import pytest

JUNIT = (
    '<testsuite><testcase classname="a" name="b"/><testcase classname="a" name="c"><failure/></testcase></testsuite>'
)


def test_a_task_without_a_part_here_is_named_as_skipped_and_never_silently_green(project, step_results_of):
    project.commit("steps: [{task: SonarQubePrepare@5, displayName: Sonar}, {script: echo}]")
    finished = project.rehearse()
    assert finished.failure is None
    assert finished.record.result == "SucceededWithIssues"
    assert step_results_of(finished.record)["Sonar"] == "Skipped"
    assert "not rehearsed: __default" in project.texts(finished)["summary.md"]
    assert "SonarQubePrepare@5 has no part on this machine" in project.texts(finished)["summary.md"]


def test_test_results_are_collected_and_failed_tests_named(project):
    project.commit(
        """
        steps:
          - script: mkdir out && cp results.xml out/TEST-all.xml
          - task: PublishTestResults@2
            condition: succeededOrFailed()
            inputs: {testResultsFormat: JUnit, testResultsFiles: 'out/TEST-*.xml', testRunTitle: unit}
        """,
        results__xml=JUNIT,
    )
    finished = project.rehearse()
    assert finished.record.result == "SucceededWithIssues"
    summary = project.texts(finished)["summary.md"]
    assert "tests: 2, 1 failed, 0 skipped" in summary
    assert "failed test: a::c" in summary
    assert [path.name for path in finished.folder.tests.rglob("*.xml")] == ["TEST-all.xml"]


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ("{testResultsFiles: results.xml, failTaskOnFailedTests: true}", "1 tests failed"),
        ("{testResultsFiles: none.xml, failTaskOnMissingResultsFile: true}", "no file in"),
        ("{testResultsFormat: VSTest, testResultsFiles: results.xml}", "VSTest are not read here"),
    ],
)
def test_publishing_test_results_fails_where_it_is_asked_to(project, inputs, reason):
    project.commit(f"steps: [{{task: PublishTestResults@2, inputs: {inputs}}}]", results__xml=JUNIT)
    assert reason in project.rehearse().failure.message


def test_coverage_is_read_and_shown(project):
    project.commit(
        "steps: [{task: PublishCodeCoverageResults@2, inputs: {summaryFileLocation: $(Build.SourcesDirectory)/c.xml}}]",
        c__xml='<coverage line-rate="0.915"/>',
    )
    finished = project.rehearse()
    assert finished.failure is None, finished.failure
    assert "coverage: 91.5% of the lines (c.xml)" in project.texts(finished)["summary.md"]


def test_a_python_of_this_machine_goes_first_on_the_path(project):
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    project.commit(
        f"""
        steps:
          - task: UsePythonVersion@0
            inputs: {{versionSpec: '{version}'}}
          - script: |
              test "$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = {version}
              test "$(which python)" = "$(pythonLocation)/python"
        """
    )
    finished = project.rehearse()
    assert finished.failure is None, project.texts(finished)


def test_a_python_that_is_not_here_is_named(project):
    project.commit("steps: [{task: UsePythonVersion@0, inputs: {versionSpec: '2.6'}}]")
    assert "there is no Python 2.6" in project.rehearse().failure.message


def test_a_cache_is_kept_under_the_digest_of_the_files_in_its_key(project):
    text = """
        steps:
          - task: Cache@2
            inputs: {key: '"deps" | "$(Agent.OS)" | lock.txt', path: $(Pipeline.Workspace)/cache, cacheHitVar: HIT}
          - script: |
              echo "$(HIT)" >> @said/marks
              mkdir -p "$(Pipeline.Workspace)/cache" && touch "$(Pipeline.Workspace)/cache/file"
        """
    project.commit(text, lock__txt="1")
    for _ in range(2):
        assert project.rehearse().failure is None
    project.commit(text, lock__txt="2")
    project.rehearse()
    assert project.marks() == ["false", "true", "false"]


def test_tools_stay_in_the_checkout_and_the_developers_own_caches_are_left_alone(project):
    project.commit(
        """
        jobs:
          - job: a
            steps:
              - {task: Cache@2, inputs: {key: a, path: .venv, cacheHitVar: HIT}}
              - {task: Cache@2, inputs: {key: b, path: @said}}
              - script: echo "$(HIT)" >> @said/marks; mkdir -p .venv
          - job: b
            dependsOn: a
            steps:
              - {task: Cache@2, inputs: {key: a, path: .venv, cacheHitVar: HIT}}
              - script: echo "$(HIT)" >> @said/marks
        """
    )
    assert project.rehearse().failure is None
    assert project.marks() == ["false", "true"]
    assert not (project.home / "caches").exists()


def test_a_step_that_signs_in_to_azure_runs_its_script_without_signing_in(project):
    project.commit(
        """
        steps:
          - task: AzureCLI@2
            inputs:
              azureSubscription: modelyard-dev
              scriptType: bash
              scriptLocation: inlineScript
              inlineScript: echo "$MODEL" >> @said/marks
            env: {MODEL: credit}
          - task: AzureCLI@2
            inputs: {scriptType: bash, scriptLocation: inlineScript, inlineScript: modelyard infra up dev}
        """
    )
    finished = project.rehearse()
    assert project.marks() == ["credit"]
    assert "could reach Azure" in finished.failure.message


def test_artifacts_go_through_their_tasks_too(project):
    project.commit(
        """
        jobs:
          - job: a
            steps:
              - script: mkdir -p out/sub && echo one > out/one.txt && echo two > out/sub/two.log
              - task: PublishPipelineArtifact@1
                inputs: {targetPath: out, artifact: outs}
              - script: cp out/one.txt $(Build.ArtifactStagingDirectory)
              - task: PublishBuildArtifacts@1
          - job: b
            dependsOn: a
            steps:
              - task: DownloadPipelineArtifact@2
                inputs: {artifact: outs, path: here, patterns: '**/*.log'}
              - script: test -e here/sub/two.log && test ! -e here/one.txt
              - task: DownloadPipelineArtifact@2
              - script: test -e $(Pipeline.Workspace)/drop/one.txt && test -e $(Pipeline.Workspace)/outs/one.txt
              - task: DownloadPipelineArtifact@2
                inputs: {itemPattern: outs/**, targetPath: $(Agent.TempDirectory)/some}
              - script: cd $(Agent.TempDirectory)/some && test -e outs/sub/two.log && test ! -e drop
        """
    )
    finished = project.rehearse()
    assert finished.failure is None, finished.failure


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("{download: current, artifact: nothing}", "there is no artifact nothing; this run has: none"),
        ("{publish: nowhere, artifact: x}", "nowhere does not exist"),
        ("{publish: pipeline.yml, artifact: 'a/b'}", "is no name for an artifact"),
        ("{publish: pipeline.yml, artifact: '..'}", "is no name for an artifact"),
    ],
)
def test_artifacts_that_cannot_be_exchanged_fail_their_step(project, step, reason):
    project.commit(f"steps: [{step}]")
    assert reason in project.rehearse().failure.message


def test_scripts_as_tasks_run_like_scripts(project):
    project.commit(
        """
        steps:
          - {task: CmdLine@2, inputs: {script: echo one >> @said/marks}}
          - {task: Bash@3, inputs: {targetType: inline, script: echo two >> @said/marks}}
          - {task: Bash@3, inputs: {filePath: run.sh, arguments: three}}
        """,
        run__sh="echo $1 >> @said/marks".replace("@said", str(project.said)),
    )
    assert project.rehearse().failure is None
    assert project.marks() == ["one", "two", "three"]


def test_what_a_failed_job_left_is_not_kept_but_what_was_restored_is_not_lost(project):
    text = """
        steps:
          - {task: Cache@2, inputs: {key: a, path: $(Pipeline.Workspace)/cache, cacheHitVar: HIT}}
          - script: echo "$(HIT)" >> @said/marks; mkdir -p "$(Pipeline.Workspace)/cache"; test -e @said/mended
        """
    project.commit(text)
    project.rehearse()
    (project.said / "mended").touch()
    project.rehearse()
    (project.said / "mended").unlink()
    project.rehearse()
    project.rehearse()
    assert project.marks() == ["false", "false", "true", "true"]
