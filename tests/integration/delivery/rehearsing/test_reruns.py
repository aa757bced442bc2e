import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from modelyard.delivery.rehearsing.recording.records import RunRecord
from modelyard.delivery.rehearsing.runs import Runs
from modelyard.errors import ConfigurationError, StackBusyError

PIPELINE = """
    stages:
      - stage: one
        jobs:
          - job: make
            steps:
              - script: |
                  echo one >> @said/marks
                  echo '##vso[task.setvariable variable=v;isOutput=true]kept'
                  echo result > out.txt
                name: s
              - publish: out.txt
                artifact: result
      - stage: two
        variables: {v: "$[ stageDependencies.one.make.outputs['s.v'] ]"}
        jobs:
          - job: first
            steps: [{script: echo two.first >> @said/marks}]
          - job: second
            dependsOn: first
            steps:
              - download: current
                artifact: result
              - script: echo two.second >> @said/marks; test -e @said/mended
              - script: test "$V" = kept && test "$(cat "$(Pipeline.Workspace)/result/out.txt")" = result
      - stage: three
        jobs: [{job: j, steps: [{script: echo three >> @said/marks}]}]
    """


def test_a_rerun_repeats_no_job_that_succeeded_and_has_its_outputs_and_artifacts(project):
    project.commit(PIPELINE)
    assert project.rehearse().failure is not None
    (project.said / "mended").touch()
    again = project.rehearse(rerun=1)
    assert again.failure is None, again.failure
    assert project.marks() == ["one", "two.first", "two.second", "two.second", "three"]
    assert (again.record.number, again.record.attempt) == (1, 2)


def test_a_rerun_stays_with_the_commit_of_its_run(project):
    project.commit(PIPELINE)
    project.rehearse()
    (project.said / "mended").touch()
    project.commit("steps: [{script: exit 9}]")
    assert project.rehearse(rerun=1).failure is None


def test_a_named_stage_runs_again_as_a_whole_with_all_that_depends_on_it(project):
    project.commit(PIPELINE)
    (project.said / "mended").touch()
    project.rehearse()
    before = len(project.marks())
    assert project.rehearse(rerun=1, stages=("two",)).failure is None
    assert project.marks()[before:] == ["two.first", "two.second", "three"]


def test_a_run_that_succeeded_has_nothing_left(project):
    project.commit("steps: [{script: echo}]")
    project.rehearse()
    with pytest.raises(ConfigurationError, match="nothing of rehearsal 1 is left"):
        project.rehearse(rerun=1)


def test_a_run_that_does_not_exist_is_named_with_those_that_do(project):
    project.commit("steps: [{script: echo}]")
    project.rehearse()
    with pytest.raises(ConfigurationError, match=r"there is no rehearsal 9 .* there are: 1"):
        project.rehearse(rerun=9)


def test_a_run_whose_record_is_torn_is_refused(project):
    project.commit("steps: [{script: exit 1}]")
    finished = project.rehearse()
    (finished.folder.path / "run.json").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be continued"):
        project.rehearse(rerun=1)


def test_another_file_or_other_parameters_are_refused_for_a_rerun(project):
    project.commit("steps: [{script: exit 1}]")
    project.rehearse()
    with pytest.raises(ConfigurationError, match=r"is of pipeline\.yml, not of other\.yml"):
        project.rehearse(rerun=1, file="other.yml")
    with pytest.raises(ConfigurationError, match="--set is for a new one"):
        project.rehearse(rerun=1, settings={"a": "b"})


DRIVER = """
    import sys
    from pathlib import Path
    from modelyard.delivery.rehearsing.running import rehearse
    from modelyard.delivery.rehearsing.wishes import Company, Wishes
    root, home, rerun = sys.argv[1:4]
    given = {"rerun": int(rerun)} if rerun else {"file": "pipeline.yml"}
    finished = rehearse(Wishes(root=Path(root), home=Path(home), **given), Company(person="Ada"))
    sys.exit(finished.failure.exit_code if finished.failure else 0)
    """


@pytest.fixture
def begin(project):
    """Begins a rehearsal in a process of its own, which may be killed; none is left when a test fails."""
    begun = []

    def start():
        words = [sys.executable, "-c", textwrap.dedent(DRIVER), str(project.root), str(project.home), ""]
        begun.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True))
        return begun[-1]

    yield start
    for process in begun:
        while process.poll() is None:
            # The second signal ends even what always runs.
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
        process.stderr.close()


def lives(pid):
    """Whether a process runs; one that has ended but that nobody waits for does not."""
    stat = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    return stat != "" and not stat.startswith("Z")


STEPS = 4
KILLED = """
    stages:
      - stage: a
        jobs:
          - job: j1
            steps:
              - script: "%s"
          - job: j2
            dependsOn: j1
            steps:
              - script: "%s"
      - stage: b
        jobs:
          - deployment: d
            environment: dev
            strategy:
              runOnce:
                preDeploy: {steps: [{script: "%s"}]}
                deploy: {steps: [{script: "%s"}]}
    """


@pytest.mark.parametrize("at", range(STEPS))
def test_a_rehearsal_that_is_killed_at_any_step_goes_on_and_repeats_no_job_that_succeeded(project, begin, at):
    """The step at which it is killed waits on a pipe; the killed rehearsal's own step is ended by the rerun."""
    os.mkfifo(project.said / "reached")
    wait = (
        "test -e @said/mended || { echo $$ > @said/pid; echo > @said/reached; exec sleep 60; }; echo %d >> @said/marks"
    )
    scripts = [wait % n if n == at else f"echo {n} >> @said/marks" for n in range(STEPS)]
    project.commit(KILLED % tuple(scripts))
    process = begin()
    with (project.said / "reached").open() as reached:
        reached.read()
    process.kill()
    process.communicate()
    record = RunRecord.from_json(json.loads((project.home / "1" / "run.json").read_text()))
    assert record.result == "Running"
    (project.said / "mended").touch()
    left = (project.said / "pid").read_text().strip()
    assert lives(left)
    again = project.rehearse(rerun=1)
    assert not lives(left)
    assert again.failure is None, again.failure
    repeated = [2] if at == 3 else []
    assert sorted(project.marks()) == sorted(map(str, [*range(STEPS), *repeated]))


def test_ctrl_c_ends_the_step_runs_what_always_runs_and_leaves_a_run_that_can_go_on(project, begin):
    os.mkfifo(project.said / "reached")
    project.commit(
        """
        stages:
          - stage: a
            jobs:
              - job: j
                steps:
                  - script: |
                      trap 'echo asked >> @said/marks; exit 1' INT TERM
                      test -e @said/mended || { echo > @said/reached; sleep 60 & wait; }
                    displayName: waits
                  - script: echo next >> @said/marks
                  - script: echo always >> @said/marks
                    condition: always()
          - stage: b
            jobs: [{job: j, steps: [{script: echo b >> @said/marks}]}]
        """
    )
    process = begin()
    with (project.said / "reached").open() as reached:
        reached.read()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert project.marks() == ["asked", "always"]
    record = RunRecord.from_json(json.loads((project.home / "1" / "run.json").read_text()))
    assert [record.result, record.stage("a").result, record.stage("b").result] == ["Canceled", "Canceled", "Skipped"]
    (project.said / "mended").touch()
    assert project.rehearse(rerun=1).failure is None
    assert project.marks() == ["asked", "always", "next", "always", "b"]


def test_a_second_signal_ends_even_what_always_runs(project, begin):
    os.mkfifo(project.said / "reached")
    os.mkfifo(project.said / "cleaning")
    project.commit(
        """
        steps:
          - script: echo > @said/reached; exec sleep 60
          - script: echo > @said/cleaning; exec sleep 60
            condition: always()
          - script: echo never >> @said/marks
            condition: always()
        """
    )
    process = begin()
    for name in ("reached", "cleaning"):
        with (project.said / name).open() as pipe:
            pipe.read()
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert project.marks() == []


def test_two_rehearsals_at_once_keep_apart(project, begin):
    project.commit("steps: [{script: 'echo $(Build.BuildId) >> @said/marks; pwd >> @said/folders'}]")
    processes = [begin(), begin()]
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(project.marks()) == ["1", "2"]
    assert len(set((project.said / "folders").read_text().split())) == 2


def test_a_run_that_is_under_way_cannot_be_rerun_or_cleaned_away(project):
    project.commit("steps: [{script: exit 1}]")
    finished = project.rehearse()
    runs = Runs(project.home)
    with runs.held(finished.folder):
        with pytest.raises(StackBusyError, match="rehearsal 1 is under way"):
            project.rehearse(rerun=1)
        assert runs.clean() == []
    assert runs.clean() == [1]
