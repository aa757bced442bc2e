"""`modelyard schedule` in a checkout whose environment was never provisioned: everything fails in good order."""

import json

import pytest


def test_every_flow_is_listed_with_when_it_runs_and_who_starts_it(checkout):
    listed = json.loads(checkout.modelyard("schedule", "list", "--env", "test", "--format", "json").stdout)
    by_name = {one["flow"]: one for one in listed}
    assert set(by_name) == {"nightly", "weekly", "drift", "promoted"}
    assert (by_name["nightly"]["at (UTC)"], by_name["nightly"]["started by"]) == ("0 2 * * *", "container_apps")
    assert (by_name["weekly"]["at (UTC)"], by_name["weekly"]["started by"]) == (None, "nobody")
    assert by_name["promoted"]["started by"] == "a promotion"


def test_a_failure_is_named_what_needs_it_is_left_out_and_the_rest_goes_on(checkout):
    models = ("--model", "flight_delay", "--model", "customer_churn")
    ended = checkout.modelyard("schedule", "run", "nightly", *models, "--format", "json", expect=3)
    runs = {one["task"]: one for one in json.loads(ended.stdout)}
    assert {name: one["state"] for name, one in runs.items()} == {
        "data-flight_delay": "failed",
        "data-telecom_customers": "failed",
        "score-flight_delay": "left out",
        "score-customer_churn": "left out",
    }
    assert runs["data-flight_delay"]["exit_code"] == 3
    assert "data-flight_delay | error: environment local is not provisioned" in ended.stderr
    last = ended.stderr.splitlines()[-2:]
    assert last[0] == "error: 2 of 4 tasks of nightly failed: data-flight_delay, data-telecom_customers"
    assert last[1].startswith("next: modelyard data run flight_delay --env local")


def test_one_task_alone_runs_without_what_it_needs(checkout):
    words = ("schedule", "run", "nightly", "--only", "score-flight_delay", "--format", "json")
    (one,) = json.loads(checkout.modelyard(*words, expect=3).stdout)
    assert (one["task"], one["state"]) == ("score-flight_delay", "failed")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("run", "promoted"), 2, "promoted is about one model: --model NAME"),
        (("run", "promoted", "--model", "a", "--model", "b"), 5, "there is no model 'a'"),
        (("run", "fortnightly"), 3, "no flow is called 'fortnightly'; found nightly, weekly, drift, promoted"),
        (("run", "nightly", "--only", "scoring"), 3, "has no task 'scoring'"),
        (("show", "nightly", "--model", "nobody"), 5, "there is no model 'nobody'"),
        (("render", "--to", "airflow", "--out", "x"), 2, "name one flow, or --all"),
        (("render", "nightly", "--all", "--to", "airflow", "--out", "x"), 2, "name one flow, or --all"),
        (("render", "nightly", "--to", "cron", "--out", "x"), 2, "airflow"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(checkout, words, code, says):
    assert says in checkout.modelyard("schedule", *words, expect=code).stderr


def test_the_graph_is_shown_with_the_commands_that_people_can_type(checkout):
    shown = checkout.modelyard("schedule", "show", "weekly", "--model", "flight_delay", "--env", "dev").stdout
    assert "weekly: Learn again, and compare with what is in production, at 0 4 * * 0 (UTC)" in shown
    assert "└─ stage-flight_delay" in shown
    assert "modelyard model compare flight_delay --env dev" in shown
