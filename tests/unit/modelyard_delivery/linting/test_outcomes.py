"""A condition is worked out for everything that it may meet."""

import pytest

from modelyard.delivery.linting.outcomes import truths

ANY = frozenset({"Succeeded", "SucceededWithIssues", "Failed", "Skipped", "Canceled"})


def after(result, condition, direct=("a",)):
    return truths(condition, before={"a": frozenset({result})}, direct=direct)


@pytest.mark.parametrize("result", ["Failed", "Skipped", "Canceled"])
@pytest.mark.parametrize(
    "condition",
    [
        None,
        "succeeded()",
        "succeeded('a')",
        "and(succeeded(), eq(variables['x'], 'y'))",
        "and(always(), succeeded())",
        "eq(dependencies.a.result, 'Succeeded')",
        "in(dependencies.a.result, 'Succeeded', 'SucceededWithIssues')",
        "not(or(failed(), in(dependencies.a.result, 'Skipped', 'Canceled')))",
    ],
)
def test_these_never_run_after_what_did_not_succeed(condition, result):
    if condition and condition.startswith("not(or(failed()") and result != "Failed":
        assert True not in after(result, condition)
        return
    assert after(result, condition) == {False}


@pytest.mark.parametrize(
    ("result", "condition"),
    [
        ("Failed", "always()"),
        ("Failed", "failed()"),
        ("Failed", "failed('a')"),
        ("Failed", "succeededOrFailed()"),
        ("Failed", "not(canceled())"),
        ("Skipped", "not(failed())"),
        ("Skipped", "in(dependencies.a.result, 'Succeeded', 'Skipped')"),
        ("Canceled", "always()"),
        ("Failed", "ne(dependencies.a.result, 'Skipped')"),
        ("Failed", "or(succeeded(), eq(variables['force'], 'true'))"),
        ("Failed", "eq(variables['Build.Reason'], 'Manual')"),
        ("Failed", "gt(variables['attempt'], 3)"),
        ("Failed", "or(succeeded(), and(ge(variables['n'], 5), le(variables['n'], 10)))"),
        ("Failed", "or(succeeded(), and(startsWith(variables['b'], 'refs/'), endsWith(variables['b'], '/x')))"),
        ("Failed", "or(succeeded(), containsValue(dependencies.*.result, 'Failed'))"),
        ("Failed", "or(succeeded(), gt(length(variables['v']), 20))"),
        ("Failed", "true"),
        ("Failed", "eq(1, 1)"),
        ("Failed", "this is no (expression"),
    ],
)
def test_these_can_run_after_what_did_not_succeed(result, condition):
    assert True in after(result, condition)


def test_a_value_that_nobody_knows_may_be_what_it_is_compared_with_and_may_not():
    assert truths("eq(variables['x'], 'y')", before={}) == {True, False}
    assert truths("and(eq(variables['x'], 'y'), ne(variables['x'], 'y'))", before={}) == {False}


def test_nothing_to_wait_for_has_succeeded():
    assert truths(None, before={}) == {True}


def test_a_condition_with_too_many_values_may_be_either():
    many = "and(" + ", ".join(f"eq(variables['v{n}'], 'x{n}')" for n in range(12)) + ")"
    assert truths(many, before={}) == {True, False}


def test_any_result_leaves_it_open():
    assert truths("succeeded()", before={"a": ANY}) == {True, False}
