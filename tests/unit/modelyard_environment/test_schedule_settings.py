import pytest

from modelyard.environment.loading import load_environment


def test_nobody_starts_anything_on_one_machine(workspace):
    schedules = load_environment(workspace, "local").schedules
    assert schedules.timetables == {}
    assert schedules.timetable("nightly") is None


def test_a_flow_without_a_timetable_is_not_among_those_that_run_by_themselves(workspace):
    assert "weekly" not in load_environment(workspace, "test").schedules.timetables
    assert set(load_environment(workspace, "prod").schedules.timetables) == {"nightly", "weekly", "drift"}


@pytest.mark.parametrize(
    ("new", "key", "words"),
    [
        ('nightly: "0 25 * * *"', "schedules.nightly", "hour '25': 0 to 23"),
        ('nightly: "0 2 1 * 1"', "schedules.nightly", "a day of the month and a weekday"),
        ("nightly: every night", "schedules.nightly", ""),
        ('nightley: "0 2 * * *"', "schedules.nightley", "nightly"),
        ('nightly: "0 2 * * *"\n  promoted: "0 2 * * *"', "schedules.promoted", ""),
    ],
)
def test_a_timetable_that_nobody_can_read_is_refused_where_it_stands(rewrite, findings, new, key, words):
    rewrite("base", 'nightly: "0 2 * * *"', new)
    found = findings("prod")
    assert key in found
    assert words in str(found[key])


def test_a_scheduler_that_nobody_knows_is_refused(rewrite, findings):
    rewrite("base", "runner: container_apps", "runner: crontab")
    assert "schedules.runner" in findings("prod")


def test_local_has_no_container_apps_to_start_anything(rewrite, findings):
    rewrite("local", "  runner: nobody", "  runner: container_apps")
    assert "schedules.runner" in findings("local")


def test_databricks_starts_nothing_where_there_is_no_workspace(rewrite, findings):
    rewrite("base", "  runner: container_apps", "  runner: databricks")
    assert "schedules.runner" in findings("dev")
    assert findings("prod") == {}
