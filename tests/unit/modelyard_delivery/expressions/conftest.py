"""Expressions at one place of one file."""

import pytest

from modelyard.delivery.expressions.evaluating import Context, evaluate
from modelyard.delivery.expressions.parsing import parse
from modelyard.delivery.places import Place


@pytest.fixture
def place():
    return Place("azure-pipelines.yml", 7)


@pytest.fixture
def read(place):
    """Parse a text."""
    return lambda text: parse(text, place)


@pytest.fixture
def value_of(place):
    """The value of a text, with roots as keyword arguments."""
    return lambda text, **values: evaluate(text, Context(values), place)


@pytest.fixture
def refusal(value_of):
    """The message and hint with which a text is refused."""
    from modelyard.errors import InvalidPipelineError

    def refused(text, **values):
        with pytest.raises(InvalidPipelineError) as caught:
            value_of(text, **values)
        assert caught.value.hint.endswith((".", "?")), "a refusal says what to do"
        return f"{caught.value.message} | {caught.value.hint}"

    return refused
