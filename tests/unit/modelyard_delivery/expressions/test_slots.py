"""Which values and functions an expression may use, by where it stands."""

import pytest

from modelyard.delivery.expressions.slots import misplaced


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        ("template", "and(eq(parameters.a, 1), variables['b'], split('a', 'b'), model.name)"),
        (
            "variable",
            "counter(format('{0}', pipeline.startTime), coalesce(variables.a, resources.b.c))",
        ),
        ("job variable", "coalesce(dependencies.a.outputs['b.c'], stageDependencies.a.b.outputs['c.d'])"),
        ("condition", "and(succeeded('a'), eq(dependencies.a.result, 'Failed'), variables.a)"),
        ("step condition", "and(SucceededOrFailed(), eq(variables.a, 1))"),
    ],
)
def test_what_is_there_may_be_used(read, slot, text):
    assert misplaced(read(text), slot, also=["model"]) == []


@pytest.mark.parametrize(
    ("slot", "text", "says"),
    [
        (
            "template",
            "dependencies.a.result",
            "dependencies is not known in a template; there are parameters, v",
        ),
        ("template", "always()", "always is not known in a template."),
        ("template", "counter('a')", "counter is not known in a template."),
        ("variable", "parameters.a", "parameters is not known in a variable"),
        ("variable", "dependencies.a.result", "dependencies is not known in a variable"),
        ("variable", "succeeded()", "succeeded is not known in a variable."),
        ("job variable", "split(variables.a, ',')", "split is not known in a job variable."),
        ("condition", "parameters.a", "parameters is not known in a condition"),
        ("condition", "resources.a", "resources is not known in a condition"),
        ("condition", "counter('a')", "counter is not known in a condition."),
        ("step condition", "dependencies.a", "dependencies is not known in a step condition"),
        ("step condition", "failed('a')", "failed takes no names in a step condition."),
    ],
)
def test_what_is_not_there_is_named(read, slot, text, says):
    (sentence,) = misplaced(read(text), slot)
    assert says in sentence
