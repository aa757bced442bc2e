import subprocess

import pytest

from modelyard.delivery.rehearsing.wishes import Company


def steps(*lines):
    return "steps:\n" + "\n".join(f"  {line}" for line in lines)


def test_a_pipeline_of_steps_runs_in_a_clean_checkout_of_what_is_committed(project):
    project.commit(steps("- script: cat notes.txt; ls; git status --short"), notes__txt="committed\n")
    (project.root / "notes.txt").write_text("not committed\n")
    (project.root / "new.txt").write_text("not committed\n")
    finished = project.rehearse()
    assert finished.failure is None
    log = next(text for name, text in project.texts(finished).items() if name.startswith("logs/"))
    assert log.splitlines() == ["committed", "notes.txt", "pipeline.yml"]
    assert "2 files" in finished.record.warnings[0]
    assert "notes.txt, new.txt" in finished.record.warnings[0]


def test_steps_see_nothing_of_the_developers_environment(project):
    project.commit(steps("- script: env"))
    around = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nowhere",
        "AWS_SECRET": "canary",
        "MODELYARD_STATE": "canary",
        "PYTHONPATH": "canary",
    }
    finished = project.rehearse(Company(person="Ada", around=around))
    log = next(text for name, text in project.texts(finished).items() if name.startswith("logs/"))
    assert "canary" not in log
    assert "HOME=/nowhere" in log
    assert "BUILD_SOURCEVERSION=" in log
    assert "TF_BUILD=True" in log


def test_nobody_is_signed_in_to_azure_whoever_is_at_home(project):
    project.commit(steps('- script: test -n "$AZURE_CONFIG_DIR" && test ! -e "$AZURE_CONFIG_DIR"'))
    assert project.rehearse().failure is None


def test_the_service_s_variables_name_folders_that_exist_and_the_commit(project):
    project.commit(
        steps(
            "- script: |",
            "    set -e",
            '    test "$(git rev-parse HEAD)" = "$(Build.SourceVersion)"',
            '    test "$PWD" = "$(Build.SourcesDirectory)" && test "$PWD" = "$SYSTEM_DEFAULTWORKINGDIRECTORY"',
            '    for one in "$(Pipeline.Workspace)" "$(Agent.TempDirectory)" "$(Build.ArtifactStagingDirectory)" \\',
            '      "$(Common.TestResultsDirectory)"; do test -d "$one"; done',
            '    test "$(Build.SourceBranch) $(Build.BuildId) $(Build.RequestedFor)" = "refs/heads/main 1 Ada"',
        )
    )
    assert project.rehearse().failure is None


def test_variables_reach_steps_as_macros_and_in_upper_case(project):
    project.commit(
        """
        variables:
          model.name: credit
          twice: $(model.name)-$(model.name)
        steps:
          - script: test "$MODEL_NAME $TWICE" = "credit credit-credit"
          - script: test "$(echo $(model.name))" = credit
        """
    )
    assert project.rehearse().failure is None


def test_a_failing_step_ends_the_run_with_where_it_is_and_how_to_go_on(project, step_results_of):
    project.commit(steps("- script: exit 9", "  displayName: Broken", "- script: echo no", "  displayName: After"))
    finished = project.rehearse()
    assert finished.record.result == "Failed"
    assert step_results_of(finished.record) == {"Broken": "Failed", "After": "Skipped"}
    assert "step 1 'Broken' (pipeline.yml:2): exit code 9" in finished.failure.message
    assert "01-broken.log" in finished.failure.message
    assert finished.failure.hint == "modelyard ci rehearse pipeline.yml --rerun 1"
    assert finished.failure.exit_code == 6


@pytest.mark.parametrize("code", [3, 4, 5, 6, 7, 8, 75])
def test_an_exit_code_of_modelyard_s_own_is_handed_on(project, code):
    project.commit(steps(f"- script: exit {code}"))
    assert project.rehearse().failure.exit_code == code


def test_a_step_that_may_fail_leaves_issues_and_the_job_goes_on(project, step_results_of):
    project.commit(
        steps("- script: exit 1", "  displayName: May fail", "  continueOnError: true", "- script: echo after")
    )
    finished = project.rehearse()
    assert finished.failure is None
    assert finished.record.result == "SucceededWithIssues"
    assert step_results_of(finished.record) == {"May fail": "SucceededWithIssues", "echo after": "Succeeded"}


def test_conditions_of_steps_follow_how_the_job_stands(project, step_results_of):
    project.commit(
        """
        steps:
          - script: exit 1
            displayName: first
          - script: echo
            displayName: default
          - script: echo
            displayName: always
            condition: always()
          - script: echo
            displayName: failed
            condition: failed()
          - script: echo
            displayName: either
            condition: succeededOrFailed()
          - script: echo
            displayName: status
            condition: eq(variables['Agent.JobStatus'], 'Failed')
          - script: echo
            displayName: disabled
            enabled: false
            condition: always()
        """
    )
    finished = project.rehearse()
    assert step_results_of(finished.record) == {
        "first": "Failed",
        "default": "Skipped",
        "always": "Succeeded",
        "failed": "Succeeded",
        "either": "Succeeded",
        "status": "Succeeded",
        "disabled": "Skipped",
    }


def test_a_step_is_tried_again_as_often_as_it_asks_for(project):
    project.commit(
        """
        steps:
          - script: echo x >> @said/marks; test "$(wc -l < @said/marks)" = 2
            retryCountOnTaskFailure: 3
        """
    )
    finished = project.rehearse()
    assert finished.failure is None
    assert [step.attempts for _, _, step in finished.record.steps] == [2]


def test_a_step_that_takes_too_long_is_ended_with_all_that_it_began(project):
    project.commit(
        """
        steps:
          - script: sleep 60 & echo $! > @said/pid; wait
            timeoutInMinutes: 1
        """
    )
    finished = project.rehearse(Company(person="Ada", minute=0.7))
    assert "took more than 1 minutes" in finished.failure.message
    assert finished.record.seconds < 30
    assert not lives((project.said / "pid").read_text().strip())


def lives(pid):
    """Whether a process runs; one that has ended but that nobody waits for does not."""
    stat = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    return stat != "" and not stat.startswith("Z")


def test_what_a_step_leaves_in_the_background_serves_the_next_step_and_ends_with_the_job(project):
    project.commit(
        """
        steps:
          - script: sleep 60 & echo $! > @said/pid
          - script: kill -0 "$(cat @said/pid)"
        """
    )
    finished = project.rehearse()
    assert finished.failure is None, finished.failure
    assert finished.record.seconds < 30
    assert not lives((project.said / "pid").read_text().strip())


def test_anything_on_stderr_fails_a_step_that_says_so(project):
    project.commit(steps("- bash: echo oops >&2", "  failOnStderr: true"))
    assert "failOnStderr" in project.rehearse().failure.message


def test_a_step_works_where_it_says(project):
    project.commit(
        steps("- script: mkdir -p inner", '- script: test "$(basename "$PWD")" = inner', "  workingDirectory: inner")
    )
    assert project.rehearse().failure is None
    project.commit(steps("- script: echo", "  workingDirectory: nowhere"))
    assert "nowhere does not exist" in project.rehearse().failure.message


def test_a_step_may_say_itself_how_it_ended(project):
    project.commit(steps("- script: echo '##vso[task.complete result=Failed;]no good'"))
    assert "task.complete" in project.rehearse().failure.message


def test_warnings_that_a_step_logs_are_in_the_record(project):
    project.commit(steps("- script: echo '##vso[task.logissue type=warning]low on data'"))
    assert [step.issues for _, _, step in project.rehearse().record.steps] == [["warning: low on data"]]


def test_a_folder_that_a_step_puts_first_on_the_path_is_first_for_the_steps_after_it(project):
    project.commit(
        """
        steps:
          - script: |
              mkdir tools && printf '#!/bin/sh\\necho mine' > tools/thing && chmod +x tools/thing
              echo "##vso[task.prependpath]$PWD/tools"
          - script: test "$(thing)" = mine
          - script: test "$(echo $(thing))" = mine
        """
    )
    finished = project.rehearse()
    assert finished.failure is None, project.texts(finished)


def test_a_command_that_could_reach_azure_fails_before_it_runs(project):
    project.commit(steps("- script: touch @said/ran; modelyard infra up prod"))
    finished = project.rehearse()
    assert "could reach Azure" in finished.failure.message
    assert not (project.said / "ran").exists()


def test_a_shell_that_is_not_here_fails_clearly(project):
    project.commit(steps("- pwsh: Write-Host hello"))
    around = {"PATH": "/usr/bin:/bin"}
    failure = project.rehearse(Company(person="Ada", around=around)).failure
    assert failure is None or "pwsh is not on this machine" in failure.message


def test_a_drill_fails_a_step_without_running_it_and_is_named_as_one(project):
    project.commit(steps("- script: touch @said/ran", "  name: ship"))
    stage = "__default"
    finished = project.rehearse(fail=f"{stage}/{job_name(project)}/ship")
    assert "this is a drill" in finished.failure.message
    assert not (project.said / "ran").exists()
    summary = (finished.folder.path / "summary.md").read_text()
    assert "drill: __default/" in summary
    assert "was made to fail" in summary


def job_name(project):
    from modelyard.delivery.expanding.loading import load

    return load(project.root, "pipeline.yml").stages[0].jobs[0].name


def test_the_summary_and_the_record_are_left_in_the_folder_of_the_run(project):
    project.commit(
        steps("- script: echo '##vso[task.uploadsummary]report.md'; echo '##vso[build.addbuildtag]nightly'"),
        report__md="# Figures\n",
    )
    finished = project.rehearse()
    texts = project.texts(finished)
    assert "# Figures" in texts["summary.md"]
    assert "tags: nightly" in texts["summary.md"]
    assert '"result": "Succeeded"' in texts["run.json"]


def test_nothing_can_be_pushed_from_a_rehearsal(project):
    project.commit(steps("- script: git push origin HEAD:refs/heads/stolen"))
    assert project.rehearse().failure is not None
    assert "stolen" not in project.git("branch", "--all")
