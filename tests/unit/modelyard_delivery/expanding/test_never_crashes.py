"""Whatever stands in the files, the answer is a pipeline or an InvalidPipelineError with file and line."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from modelyard.delivery.expanding.expansion import expand
from modelyard.delivery.expanding.printing import to_yaml
from modelyard.delivery.expanding.reading import read_yaml
from modelyard.delivery.expanding.typed.pipelines import read_pipeline
from modelyard.errors import InvalidPipelineError

ENTRY = """\
trigger:
  branches: {include: [main]}
parameters:
- name: models
  type: object
  default: [{name: delay, on: true}, {name: price}]
- name: flow
  values: [main, small]
variables:
- name: yard
  value: ${{ parameters.flow }}
- template: t.yml
stages:
- ${{ each model in parameters.models }}:
  - stage: train_${{ model.name }}
    ${{ if eq(parameters.flow, 'main') }}:
      dependsOn: []
    ${{ else }}:
      condition: succeeded()
    jobs:
    - deployment: d
      environment: {name: prod}
      strategy:
        runOnce:
          deploy:
            steps:
            - template: s.yml
              parameters: {name: "${{ model.name }}", steps: [script: a]}
          on:
            failure: {steps: [script: back]}
    - job: m
      strategy: {matrix: {a: {b: c}}}
      steps:
      - script: |
          echo ${{ variables.yard }}
          echo $(x) $[ y ]
        env: {A: 1}
      - task: Cache@2
        inputs: {key: x}
"""
FILES = {
    "t.yml": "variables:\n  a: 1\n  b: ${{ variables.a }}\n",
    "s.yml": "parameters:\n- name: name\n- name: steps\n  type: stepList\nsteps:\n- bash: ${{ parameters.name }}\n"
    "- ${{ insert }}: ${{ parameters.steps }}\n- ${{ if parameters.name }}:\n  - ${{ parameters.steps }}\n",
}
WORDS = [
    *(
        "${{",
        "}}",
        "if",
        "elseif",
        "else",
        "each",
        "insert",
        "in",
        "parameters",
        "variables",
        ".models",
        "[",
        "]",
        "{",
        "}",
    ),
    *(
        ":",
        "- ",
        "\n",
        "  ",
        "'",
        '"',
        "|",
        "&a",
        "*a",
        "steps:",
        "jobs:",
        "stages:",
        "template: s.yml",
        "extends:",
        "t.yml",
    ),
    *(
        "null",
        "true",
        "1",
        "-1",
        "@self",
        "../",
        "eq(",
        "convertToJson(",
        ")",
        ",",
        "# ",
        "!x ",
        "? ",
        "---\n",
        "\t",
        "type:",
    ),
]
LOCATED = re.compile(r"[\w./-]+:\d+: ")


def answer(entry, files, given_values=None):
    """Loads, and lets nothing out but what may come out."""
    known = {"a.yml": entry, **files}
    encoded = {name: text if isinstance(text, bytes) else text.encode() for name, text in known.items()}
    try:
        expansion = expand(Path("/nowhere"), "a.yml", parameters=given_values, read=encoded.get)
        text = to_yaml(expansion)
        assert read_yaml(text.encode(), "final.yml").names == expansion.node.names
        return read_pipeline(expansion)
    except InvalidPipelineError as error:
        refused = error
    assert LOCATED.match(refused.message), refused.message
    assert refused.hint
    return None


calm = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@some.composite
def damaged(draw, text):
    """A text with parts cut out, doubled, or replaced by words that mean something."""
    for _ in range(draw(some.integers(1, 4))):
        start = draw(some.integers(0, len(text)))
        end = min(len(text), start + draw(some.integers(0, 25)))
        put = draw(some.sampled_from(WORDS) | some.just("") | some.just(text[start:end] * 2))
        text = text[:start] + put + text[end:]
    return text


def test_the_pipeline_that_is_damaged_below_is_fine():
    found = answer(ENTRY, FILES)
    assert [stage.name for stage in found.stages] == ["train_delay", "train_price"]
    assert len(list(found.jobs)) == 4


@calm
@given(damaged(ENTRY))
def test_a_damaged_entry_file_is_refused_or_read(entry):
    answer(entry, FILES)


@calm
@given(damaged(FILES["s.yml"]), damaged(FILES["t.yml"]))
def test_damaged_templates_are_refused_or_read(steps, variables):
    answer(ENTRY, {"s.yml": steps, "t.yml": variables})


@calm
@given(some.lists(some.sampled_from(WORDS), max_size=30).map("".join))
def test_any_words_are_refused_or_read(entry):
    answer(entry, FILES)


@calm
@given(some.binary(max_size=60))
def test_any_bytes_are_refused_or_read(entry):
    answer(entry, FILES)


@calm
@given(some.dictionaries(some.sampled_from(["models", "flow", "x"]), some.text(max_size=20) | some.booleans()))
def test_any_settings_are_refused_or_read(given_values):
    answer(ENTRY, FILES, given_values)
