import pytest

from modelyard.delivery.rehearsing.wishes import Company
from modelyard.errors import ConfigurationError

FIRST, SECOND = "canary-of-the-file", "canary-of-a-step"
PIPELINE = f"""
    stages:
      - stage: a
        variables: [{{group: dev}}]
        jobs:
          - job: one
            steps:
              - script: |
                  test -z "$PASSWORD" && test "$MAPPED" = {FIRST[:6]}"{FIRST[6:]}"
                  echo "the password is $MAPPED and $(password)"
                  echo "##vso[task.setvariable variable=token;isOutput=true;issecret=true]canary-of"'-a-step'
                  echo "##vso[task.logissue type=warning]beware of $MAPPED"
                  echo "password: $MAPPED" > "$(Agent.TempDirectory)/report.md"
                  echo "##vso[task.uploadsummary]$(Agent.TempDirectory)/report.md"
                  echo "##vso[build.addbuildtag]$MAPPED"
                  echo "$SYSTEM_ACCESSTOKEN$MAPPED" | base64
                name: s
                env: {{MAPPED: $(password)}}
              - script: test "$(s.token)" = "canary-of"'-a-step'; echo "$(s.token)"
                displayName: reads a secret of this job
          - job: two
            dependsOn: one
            variables: {{token: "$[ dependencies.one.outputs['s.token'] ]"}}
            steps:
              - script: test -z "$TOKEN" && test "$T" = "canary-of"'-a-step' && echo "$T $(token)"
                displayName: reads a secret output
                env: {{T: $(token)}}
              - script: rm -rf nothing; echo ${{{{ 'x' }}}}; exit 3
                displayName: fails with $(password)
    """


@pytest.fixture
def file(project):
    found = project.root.parent / "secrets.yml"
    found.write_text(f"dev:\n  password: {FIRST}\n")
    found.chmod(0o600)
    return found


def test_secrets_work_in_steps_and_are_in_no_file_of_the_run(project, file, step_results_of):
    project.commit(PIPELINE)
    finished = project.rehearse(secrets=file)
    texts = project.texts(finished)
    assert finished.failure.exit_code == 3, (finished.failure, texts)
    assert "***" in finished.failure.message
    guilty = {name: [one for one in (FIRST, SECOND) if one in text] for name, text in texts.items()}
    assert {name: found for name, found in guilty.items() if found} == {}
    assert "the password is *** and ***" in "\n".join(texts.values())
    assert FIRST not in finished.failure.message


def test_what_watches_sees_no_secret_either(project, file):
    from modelyard.delivery.rehearsing.watching import Silent

    class Remembers(Silent):
        said = ""

        def line(self, text):
            self.said += text

        def step_ends(self, step, last):
            self.said += f"{step}{last}"

        def warn(self, text):
            self.said += text

    watcher = Remembers()
    project.commit(PIPELINE)
    project.rehearse(Company(person="Ada", watcher=watcher), secrets=file)
    assert "***" in watcher.said
    assert FIRST not in watcher.said
    assert SECOND not in watcher.said


def test_a_secrets_file_that_others_can_read_is_refused_before_anything_begins(project, file):
    file.chmod(0o644)
    project.commit(PIPELINE)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        project.rehearse(secrets=file)
    assert not project.home.exists()


def test_the_password_of_a_package_index_is_hidden(project):
    project.commit("steps: [{script: 'echo $UV_INDEX_URL; echo $PIP_INDEX_URL'}]")
    around = {"PATH": "/usr/bin:/bin", "UV_INDEX_URL": "https://me:canary-pw@index/simple"}
    finished = project.rehearse(Company(person="Ada", around=around))
    assert "https://me:***@index/simple" in "\n".join(project.texts(finished).values())


def test_the_script_of_a_step_never_stays_on_disk(project, file):
    project.commit(
        """
        variables: [{group: dev}]
        steps: [{script: 'grep -rl "$(password)" "$(Agent.TempDirectory)" "$TMPDIR" /dev/shm 2>/dev/null; true'}]
        """
    )
    finished = project.rehearse(secrets=file)
    assert [text for name, text in project.texts(finished).items() if name.startswith("logs/")] == [""]


def test_logs_can_be_read_by_their_owner_only(project):
    project.commit("steps: [{script: echo}]")
    finished = project.rehearse()
    assert {path.stat().st_mode & 0o077 for path in finished.folder.path.rglob("*.log")} == {0}


def test_a_rerun_says_which_secret_outputs_are_not_kept(project, file):
    project.commit(PIPELINE)
    project.rehearse(secrets=file)
    again = project.rehearse(secrets=file, rerun=1)
    assert any("secret outputs of a/one are not kept" in warning for warning in again.record.warnings)


@pytest.mark.parametrize("printed", ["p@ss%3Bw0rd", "100%AZP25!cure", "a%5Db"])
@pytest.mark.parametrize("command", ["task.setvariable variable=pw;issecret=true", "task.setsecret"])
def test_a_secret_that_is_printed_with_escapes_is_hidden_as_printed_too(project, command, printed):
    project.commit(f"steps: [{{bash: 'echo \"##vso[{command}]{printed}\"'}}]")
    finished = project.rehearse()
    assert finished.failure is None
    assert [name for name, text in project.texts(finished).items() if printed in text and "checkout" not in name] == []


def test_a_secret_that_is_a_common_word_leaves_the_record_readable(project):
    secrets = project.root.parent / "secrets.yml"
    secrets.write_text("MODE: test\nBRANCH: main\n")
    secrets.chmod(0o600)
    project.commit(
        """
        stages:
          - stage: test
            jobs:
              - job: test
                steps:
                  - bash: echo "##vso[task.setvariable variable=mode;isOutput=true]$(MODE)"
                    name: test
          - stage: after
            variables: {mode: "$[ stageDependencies.test.test.outputs['test.mode'] ]"}
            jobs: [{job: test, steps: [{bash: 'test "$M" = test && exit 4', env: {M: $(mode)}}]}]
        """
    )
    finished = project.rehearse(secrets=secrets)
    assert finished.failure.exit_code == 4
    again = project.rehearse(rerun=finished.record.number, secrets=secrets, stages=("test",))
    assert [stage.name for stage in again.record.stages] == ["test", "after"]
    assert again.failure.exit_code == 4
    assert "exit_code" in (again.folder.path / "run.json").read_text()
