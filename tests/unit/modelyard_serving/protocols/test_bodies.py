"""Strict JSON: a key that appears twice is found, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard_serving.protocols.bodies import parse_json
from modelyard_serving.refusals import RequestRefusedError

tricky = st.text(alphabet=st.sampled_from('":\\,{}[] a'), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | tricky,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(tricky, inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(document=st.dictionaries(tricky, values, max_size=3), indent=st.sampled_from([None, 1]))
def test_takes_every_object_whose_keys_differ(document, indent):
    assert parse_json(json.dumps(document, indent=indent).encode()) == document


@settings(max_examples=300, deadline=None)
@given(document=st.dictionaries(tricky, values, min_size=1, max_size=3), depth=st.integers(0, 3))
def test_finds_a_key_that_appears_twice_at_any_depth(document, depth):
    key = json.dumps(next(iter(document)))
    text = f"{json.dumps(document)[:-1]}, {key}: null}}"
    for _ in range(depth):
        text = f'{{"outer": [{text}]}}'
    with pytest.raises(RequestRefusedError, match="twice"):
        parse_json(text.encode())


def test_equal_keys_in_different_spelling_are_equal():
    with pytest.raises(RequestRefusedError, match="twice"):
        parse_json(b'{"a": 1, "\\u0061": 2}')
