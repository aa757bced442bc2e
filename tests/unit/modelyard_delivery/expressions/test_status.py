"""succeeded() and its kin. The rows are results of a run of the service that asked each question over each outcome."""

import pytest

from modelyard.delivery.expressions.evaluating import Context, evaluate
from modelyard.delivery.expressions.status import Status, status_functions
from modelyard.errors import InvalidPipelineError


@pytest.fixture
def holds(place):
    """Whether a condition holds, for results by name or for a status."""

    def answer(condition, results=None, **more):
        status = Status(results=results or {}, **more)
        return evaluate(condition, Context({}, status_functions(status)), place)

    return answer


@pytest.mark.parametrize(
    ("results", "true"),
    [
        ({}, {"succeeded()", "succeededOrFailed()", "always()"}),
        ({"a": "Succeeded"}, {"succeeded()", "succeededOrFailed()", "always()", "succeeded('A')"}),
        ({"a": "SucceededWithIssues"}, {"succeeded()", "succeededOrFailed()", "always()", "succeeded('A')"}),
        ({"a": "Failed"}, {"failed()", "failed('a')", "succeededOrFailed()", "always()"}),
        ({"a": "Skipped"}, {"always()"}),
        ({"a": "Canceled"}, {"always()"}),
        ({"a": "Abandoned"}, {"always()"}),
        ({"a": "Succeeded", "b": "Skipped"}, {"succeeded('A')", "succeededOrFailed()", "always()"}),
        ({"a": "Succeeded", "b": "Failed"}, {"succeeded('A')", "failed()", "succeededOrFailed()", "always()"}),
    ],
)
def test_answers_for_stages_and_jobs_as_the_service_does(holds, results, true):
    asked = [
        "succeeded()",
        "failed()",
        "succeededOrFailed()",
        "always()",
        "canceled()",
        "succeeded('A')",
        "failed('a')",
    ]
    assert {condition for condition in asked if holds(condition, results)} == true


def test_names_stand_for_all_of_them_or_for_any(holds):
    results = {"a": "Succeeded", "b": "Failed", "c": "Skipped"}
    assert not holds("succeeded('a', 'b')", results)
    assert holds("failed('a', 'b')", results)
    assert holds("succeededOrFailed('b', 'c')", results)
    assert not holds("succeededOrFailed('c')", results)


def test_a_name_that_this_does_not_depend_on_did_nothing(holds):
    assert not holds("succeeded('z')", {"a": "Succeeded"})
    assert not holds("failed('z')", {"a": "Failed"})
    assert not holds("succeededOrFailed('z')", {"a": "Failed"})


def test_after_a_cancellation_only_always_and_canceled_hold(holds):
    for condition in ("succeeded()", "failed()", "succeededOrFailed()", "not(canceled())"):
        assert not holds(condition, {"a": "Succeeded", "b": "Failed"}, canceled=True)
        assert not holds(condition, job="Canceled")
    assert holds("and(always(), canceled())", {"a": "Succeeded"}, canceled=True)
    assert holds("and(always(), canceled())", job="Canceled")


@pytest.mark.parametrize(
    ("job", "true"),
    [
        ("Succeeded", {"succeeded()", "succeededOrFailed()"}),
        ("SucceededWithIssues", {"succeeded()", "succeededOrFailed()"}),
        ("Failed", {"failed()", "succeededOrFailed()"}),
    ],
)
def test_a_step_asks_only_how_its_job_stands(holds, job, true):
    asked = ["succeeded()", "failed()", "succeededOrFailed()", "canceled()"]
    assert {condition for condition in asked if holds(condition, {"other": "Failed"}, job=job)} == true


@pytest.mark.parametrize("name", ["succeeded", "failed", "succeededOrFailed"])
def test_a_steps_condition_takes_no_names(holds, name):
    with pytest.raises(InvalidPipelineError, match="a step's condition takes no names"):
        holds(f"{name}('a')", job="Succeeded")


def test_a_name_may_be_worked_out_and_must_be_text(holds, place):
    assert holds("succeeded(format('{0}', 'a'))", {"a": "Succeeded"})
    functions = status_functions(Status(results={"a": "Succeeded"}))
    with pytest.raises(InvalidPipelineError, match="Array found where a string is needed"):
        evaluate("succeeded(names)", Context({"names": []}, functions), place)
