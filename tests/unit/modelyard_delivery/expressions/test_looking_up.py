"""Parts of values."""

import pytest

PARAMETERS = {
    "Name": "a",
    "object": {"CamelKey": "value", "dotted.name": "dotted", "1": "numeric", "deep": {"er": 1}},
    "list": ["zero", "one"],
    "models": [{"id": 1, "tags": ["a", "b"]}, {"id": 2}, "no object", {"id": 3, "tags": []}],
    "groups": {"x": [10, 11], "y": [20]},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("parameters.object.CamelKey", "value"),
        ("parameters['object']['CamelKey']", "value"),
        ("parameters.NAME", "a"),
        ("parameters['name']", "a"),
        ("parameters.object.camelkey", None),
        ("parameters.object['dotted.name']", "dotted"),
        ("parameters.object[1]", "numeric"),
        ("parameters.object[parameters.list]", None),
        ("parameters.object.missing", None),
        ("parameters.object.missing.deeper['still'][0].*.more", []),
        ("parameters.Name.length", None),
        ("parameters.list[0]", "zero"),
        ("parameters.list['1']", "one"),
        ("parameters.list[1.9]", "one"),
        ("parameters.list[-1]", None),
        ("parameters.list[2]", None),
        ("parameters.list['x']", None),
        ("parameters.list[parameters.object.missing]", "zero"),
        ("parameters.models.*.id", [1, 2, 3]),
        ("parameters.models[*].id", [1, 2, 3]),
        ("parameters.models.*.tags", [["a", "b"], []]),
        ("parameters.models.*.tags.*", ["a", "b"]),
        ("parameters.groups.*[0]", [10, 20]),
        ("parameters.groups.*", [[10, 11], [20]]),
        ("parameters.Name.*", []),
        ("parameters.object.missing.*", []),
        ("variables.SOME", "thing"),
        ("variables['some']", "thing"),
        ("variables['My.Var']", "dotted"),
        ("variables.My.Var", None),
        ("dependencies.VERIFY.Outputs['matrix.MODELS']", "{}"),
        ("dependencies.Verify.result", "Succeeded"),
        ("item.key", "k"),
        ("item.Key", None),
    ],
)
def test_finds_the_part_that_the_service_finds(value_of, text, value):
    found = value_of(
        text,
        parameters=PARAMETERS,
        variables={"Some": "thing", "My.Var": "dotted"},
        dependencies={"verify": {"result": "Succeeded", "outputs": {"matrix.models": "{}"}}},
        item={"key": "k"},
    )
    assert found == value


def test_the_exact_spelling_wins_over_another_case(value_of):
    assert value_of("variables.b", variables={"B": 1, "b": 2}) == 2


def test_a_parameter_that_is_not_declared_is_refused_with_the_closest_name(refusal):
    assert "there is no parameter nmae here | Did you mean name?" in refusal(
        "parameters.nmae", parameters={"name": 1}
    ).replace(", in the expression `parameters.nmae`", "")
    assert "Known here: nothing" in refusal("parameters['a']", parameters={})


def test_a_value_that_is_not_known_is_refused_with_the_closest_name(refusal):
    message = refusal("parameter.a", parameters={}, variables={})
    assert "parameter is not known here" in message
    assert "Did you mean parameters?" in message
    assert "Text is written in single quotes" in message


def test_a_loop_adds_its_variable_and_leaves_the_context_as_it_was(place):
    from modelyard.delivery.expressions.evaluating import Context, evaluate

    outer = Context({"variables": {"a": 1}})
    inner = outer.with_values(model={"name": "adults"})
    assert evaluate("format('{0}{1}', model.name, variables.a)", inner, place) == "adults1"
    assert "model" not in outer.values
