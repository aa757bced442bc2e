"""What a machine is told of a preview: all that a comment on a pull request needs."""

import json
from dataclasses import replace

import pytest

from modelyard.environment.loading import load_environment
from modelyard_infra.admission import Findings, inspect, refusal_of
from modelyard_infra.blueprint.azure.draw import draw_azure
from modelyard_infra.costs import estimate
from modelyard_infra.policies.rule import Violation
from modelyard_infra.stacks.results import Change, StackResult
from modelyard_infra.stacks.showing import result_text
from modelyard_infra.testing.editing import changed


@pytest.fixture
def environment(workspace):
    return load_environment(workspace, "dev")


@pytest.fixture
def preview(environment):
    """A preview of dev, with some words of its graph changed."""

    def of(*edits, operations=("create", "update", "update"), examples=(), **more):
        blueprint = draw_azure(environment)
        graph = blueprint.graph
        for key, path, value in edits:
            graph = changed(graph, key, path, value)
        changes = tuple(Change(f"r{place}", "kind", one) for place, one in enumerate(operations))
        found = inspect(replace(blueprint, graph=graph), environment)
        result = StackResult("dev", "preview", changes, simulated=True, **more)
        return result.judged(found, estimate=estimate(blueprint), examples=examples)

    return of


def document(result):
    return json.loads(json.dumps(result.to_json()))


def test_changes_are_counted_and_what_is_lost_is_named(preview):
    told = document(preview(operations=("create", "replace", "delete", "delete", "update")))
    assert told["counts"] == {"create": 1, "update": 1, "replace": 1, "delete": 2}
    assert (told["replaced"], told["deleted"]) == (["r1"], ["r2", "r3"])
    assert document(preview(operations=()))["counts"] == {"create": 0, "update": 0, "replace": 0, "delete": 0}


def test_the_month_comes_with_the_date_of_its_prices_and_the_budget(preview):
    told = document(preview())["estimate"]
    assert told["monthly"] > 0
    assert told["budget"] == 150
    assert told["noted"] in told["says"]


def test_a_clean_preview_refuses_nothing(preview):
    told = document(preview())
    assert (told["would_be_refused"], told["refusals"]) == (False, [])
    assert {one["level"] for one in told["findings"]} <= {"advisory"}


def test_a_broken_mandatory_rule_is_told_with_what_to_do_and_refuses(preview, environment):
    result = preview(("mlflow", "configuration.ingress.allowInsecure", True))
    told = document(result)
    broken, *others = told["findings"]
    assert {one["level"] for one in others} <= {"advisory"}, "what refuses comes first"
    assert (broken["rule"], broken["resource"], broken["level"]) == ("apps-https-only", "mlflow", "mandatory")
    assert told["refusals"] == [broken["message"]]
    assert told["would_be_refused"]
    assert broken["message"] in refusal_of(result.findings, "dev").message
    assert f"mandatory: {broken['message']}" in result_text(result)


def test_what_azure_would_refuse_is_told_and_refuses(preview):
    told = document(preview(("mlflow", "configuration.activeRevisionsMode", "Sometimes")))
    (found,) = told["findings"]
    assert (found["rule"], found["level"]) == ("azure-types", "mandatory")
    assert "mlflow: " in found["message"]
    assert told["refusals"] == [found["message"]]
    assert told["would_be_refused"]


def test_an_advisory_rule_is_told_and_refuses_nothing(preview):
    advice = Violation("soft", "advisory", "vault", "a.b", "x", "y", "do z")
    told = document(preview().judged(Findings((), (advice,)), estimate=None, examples=()))
    assert [one["rule"] for one in told["findings"]] == ["soft"]
    assert not told["would_be_refused"]


def test_data_at_risk_and_examples_that_are_left_refuse(preview):
    told = document(preview(refused=("lake-account",), examples=("azure.tenant_id",)))
    assert told["refusals"] == [
        "example values are left: azure.tenant_id",
        "what holds data would be replaced or removed: lake-account",
    ]


def test_an_up_says_what_was_released(preview):
    result = replace(preview(), notes=("flight_delay: version 2 answers all requests",), releases={"flight_delay": {}})
    assert document(result)["releases"] == {"flight_delay": {}}
    assert "flight_delay: version 2 answers all requests" in result_text(result).splitlines()
