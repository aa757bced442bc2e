import pytest

from modelyard.delivery.rehearsing.cleaning import clean
from modelyard.delivery.rehearsing.runs import Runs
from modelyard.delivery.rehearsing.wishes import Company
from modelyard.errors import StackBusyError

PIPELINE = """
    parameters: [{name: standIn, type: string, default: ''}]
    stages:
      - stage: dev
        jobs:
          - job: j
            variables: {MODELYARD_STATE: $(MODELYARD_YARDS)/dev}
            steps:
              - script: |
                  test "${{ parameters.standIn }}" = local
                  mkdir -p "$MODELYARD_STATE" && echo x >> "$MODELYARD_STATE/deployed"
                  wc -l < "$MODELYARD_STATE/deployed" >> @said/marks
      - stage: prod
        jobs: [{job: j, steps: [{script: 'test -e @said/mended || exit 7'}]}]
    """


class Keeper:
    """Remembers which services were begun and ended."""

    def __init__(self, problem=""):
        self.calls = []
        self.problem = problem

    def up(self, yard, *, checkout):
        self.calls.append(("up", yard.name))
        return self.problem

    def down(self, yard, *, checkout):
        self.calls.append(("down", yard.name))
        return self.problem


def company(keeper):
    return Company(person="Ada", yards=keeper)


def test_yards_stand_in_for_azure_outlive_a_run_and_their_services_end_with_it(project):
    project.commit(PIPELINE)
    keeper = Keeper()
    for _ in range(2):
        project.rehearse(company(keeper), environment="local")
    assert project.marks() == ["1", "2"]
    assert keeper.calls == [("down", "dev")] * 2


def test_services_stay_where_they_are_to_be_kept(project):
    project.commit(PIPELINE)
    keeper = Keeper()
    project.rehearse(company(keeper), environment="local", keep=True)
    assert keeper.calls == []


def test_a_rerun_begins_the_services_that_its_stages_expect(project):
    project.commit(PIPELINE)
    project.rehearse(company(Keeper()), environment="local")
    (project.said / "mended").touch()
    keeper = Keeper()
    assert project.rehearse(company(keeper), rerun=1).failure is None
    assert keeper.calls == [("up", "dev"), ("down", "dev")]
    assert project.marks() == ["1"]


def test_services_that_cannot_be_ended_are_named(project):
    project.commit(PIPELINE)
    finished = project.rehearse(company(Keeper("dev stays up")), environment="local")
    assert "dev stays up" in finished.record.warnings


def test_two_runs_that_share_the_yards_do_not_run_at_once(project):
    project.commit(PIPELINE)
    with (
        Runs(project.home).yards_held(),
        pytest.raises(StackBusyError, match="another rehearsal uses the yards") as caught,
    ):
        project.rehearse(company(Keeper()), environment="local")
    assert "wait" in caught.value.hint
    assert Runs(project.home).all() == []


def test_without_a_stand_in_no_yard_is_touched(project):
    project.commit("steps: [{script: 'test -z \"$MODELYARD_YARDS\"'}]")
    keeper = Keeper()
    assert project.rehearse(company(keeper)).failure is None
    assert keeper.calls == []


def test_cleaning_ends_services_removes_runs_and_only_when_told_to_the_yards(project):
    project.commit(PIPELINE)
    project.rehearse(company(Keeper()), environment="local")
    keeper = Keeper()
    assert clean(project.home, keeper, checkout=project.root, forget=False).runs == (1,)
    assert (project.home / "yards" / "dev").is_dir()
    assert keeper.calls == [("down", "dev")]
    assert clean(project.home, keeper, checkout=project.root, forget=True).yards == ("dev",)
    assert not (project.home / "yards" / "dev").exists()


def test_nothing_is_removed_while_services_cannot_be_ended(project):
    project.commit(PIPELINE)
    project.rehearse(company(Keeper()), environment="local")
    removed = clean(project.home, Keeper("they run still"), checkout=project.root, forget=True)
    assert (removed.runs, removed.problems) == ((), ("they run still",))
    assert (project.home / "yards" / "dev").is_dir()
