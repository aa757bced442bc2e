"""What is chosen when a file is expanded to be looked at: everything that could make a difference, and no more."""

import textwrap

import pytest

from modelyard.delivery.linting.repository import any_command
from modelyard.delivery.linting.studying import study_of


@pytest.fixture
def chosen(tmp_path):
    """The parameters of every expansion of one entry file."""

    def choices(text, **templates):
        for name, content in {"a": text, **templates}.items():
            (tmp_path / f"{name}.yml").write_text(textwrap.dedent(content), encoding="utf-8")
        return [dict(run.parameters) for run in study_of(tmp_path, ["a.yml"], any_command).runs]

    return choices


def test_flags_and_allowed_values_are_tried_in_every_combination(chosen):
    found = chosen(
        """
        parameters:
          - {name: fast, type: boolean, default: false}
          - {name: percent, type: number, default: 5, values: [5, 10]}
        steps: [{bash: make lint}]
        """
    )
    assert found == [{}, {"percent": "10"}, {"fast": True}, {"fast": True, "percent": "10"}]


def test_with_too_many_combinations_each_value_is_tried_alone(chosen):
    declared = "".join(f"  - {{name: flag{n}, type: boolean, default: true}}\n" for n in range(7))
    found = chosen(f"parameters:\n{declared}steps: [{{bash: make lint}}]\n")
    assert found == [{}, *({f"flag{n}": False} for n in range(7))]


ENTRY = """
    parameters:
      - {name: models, type: string, default: changed}
    extends:
      template: t.yml
      parameters: {about: "${{ parameters.models }}"}
    """


@pytest.mark.parametrize(
    "fork",
    [
        "${{ if eq(parameters.about, 'none') }}",
        "${{ each one in split(parameters.about, ',') }}:\n  - ${{ if eq(one, 'none') }}",
    ],
)
def test_a_free_text_is_what_a_template_compares_it_with_whatever_it_is_called_there(chosen, fork):
    template = f"parameters:\n- {{name: about, type: string}}\nsteps:\n- bash: make lint\n- {fork}:\n"
    indent = "  " * (2 if "each" in fork else 1)
    assert {"models": "none"} in chosen(ENTRY, t=f"{template}{indent}- bash: make type\n")


def test_a_free_text_that_nothing_is_decided_by_is_left_at_its_default(chosen):
    template = """
        parameters:
          - {name: about, type: string}
          - {name: kind, type: string, default: none}
        steps:
          - bash: make lint ${{ parameters.about }}
          - ${{ if eq(parameters.kind, 'none') }}:
              - bash: make type
        """
    assert chosen(ENTRY, t=template) == [{}]
