"""The final YAML as text."""

from __future__ import annotations

import textwrap

from hypothesis import given, settings
from hypothesis import strategies as some

from modelyard.delivery.expanding.expansion import Expansion
from modelyard.delivery.expanding.located import to_node
from modelyard.delivery.expanding.nodes import plain
from modelyard.delivery.expanding.printing import to_yaml
from modelyard.delivery.expanding.reading import read_yaml
from modelyard.delivery.places import Place


def printed(document):
    node = to_node(document, Place("a.yml", 1))
    empty = {"parameters": (), "values": {}, "templates": (), "extends": None, "sources": {}}
    return to_yaml(Expansion(file="a.yml", node=node, **empty))


def test_keys_come_in_a_stable_order_and_scripts_are_blocks(expanded):
    entry = """
        steps:
        - task: Use@1
          inputs: {versionSpec: "3.11", on: "true", count: "2"}
        - script: |
            make a
            make b
          displayName: "Make: both"
        - bash: ""
          env: {}
        trigger: none
        name: $(Rev:r)
    """
    assert to_yaml(expanded(entry)) == textwrap.dedent("""\
        name: $(Rev:r)
        trigger: none
        steps:
          - task: Use@1
            inputs:
              versionSpec: '3.11'
              'on': true
              count: 2
          - script: |
              make a
              make b
            displayName: 'Make: both'
          - bash: ''
            env: {}
        """)


def test_the_same_pipeline_is_printed_the_same_twice(expanded):
    entry = "variables: {b: 1, a: 2}\nsteps:\n- script: ${{ variables.a }}\n"
    assert to_yaml(expanded(entry)) == to_yaml(expanded(entry))


texts = some.text(some.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")) | some.just("\n"), max_size=30)
keys = some.text("abcxyz_. -:#'\"{}[]?|>&*!%@", min_size=1, max_size=8)
trees = some.recursive(
    texts, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(keys, inner, max_size=3), max_leaves=10
)


@settings(max_examples=60, deadline=None)
@given(some.dictionaries(keys, trees, min_size=1, max_size=3))
def test_reading_what_was_printed_gives_the_same_texts(document):
    again = read_yaml(printed(document).encode(), "a.yml")
    assert plain(again) == plain(to_node(document, Place("a.yml", 1)))
