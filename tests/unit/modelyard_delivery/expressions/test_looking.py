"""What an expression mentions."""

from modelyard.delivery.expressions.looking import find_roots


def test_finds_every_value_with_its_path_and_every_function_with_its_literals(read):
    roots = find_roots(
        read(
            "and(succeeded('a', lower('B')), eq(stageDependencies.verify.models.outputs['matrix.models'], "
            "Variables.x), contains(a[b.c].*.d, 'x'), split(e, ',')[f])"
        )
    )
    assert roots.values == ("stageDependencies", "Variables", "a", "b", "e", "f")
    assert roots.paths[0] == ("stageDependencies", "verify", "models", "outputs", "matrix.models")
    assert roots.paths[2] == ("a", None, None, "d")
    assert ("succeeded", ("a", None)) in roots.calls
    assert roots.functions == ("and", "succeeded", "lower", "eq", "contains", "split")


def test_an_expression_of_literals_mentions_nothing(read):
    roots = find_roots(read("'a'"))
    assert (roots.values, roots.functions, roots.paths, roots.calls) == ((), (), (), ())
