"""What a real organisation answered to small pipelines, as it was recorded in public, and what we answer to the like.

The names of the cases say in short what the service said or did. Our refusals use other words, at the same line.
"""

from __future__ import annotations

import pytest

from modelyard.errors import InvalidPipelineError

STRICT = "parameters:\n- {name: given, type: string, default: x}\nsteps:\n"
BUILDS, SHOWN = "{name: a, value: 'x${{ variables.b }}x'}", "steps:\n- script: ${{ variables.a }}\n"
OLD = "parameters: {given: x}\nsteps:\n"
REFUSED = {
    # What the service said: the pipeline, its template, the line at fault.
    "Unexpected value '$(x)' for a switch of a step": ("steps:\n- script: y\n  enabled: $(x)\n", None, "a.yml:3"),
    "Unexpected value '$[x]' for a switch of a step": (
        "steps:\n- script: y\n  continueOnError: $[x]\n",
        None,
        "a.yml:3",
    ),
    "Expected an integer value for the time of a step": (
        "steps:\n- script: y\n  timeoutInMinutes: $(x)\n",
        None,
        "a.yml:3",
    ),
    "Expected an integer value for attempts": (
        "steps:\n- script: y\n  retryCountOnTaskFailure: $[x]\n",
        None,
        "a.yml:3",
    ),
    "Key not found in a pipeline": ("steps:\n- script: ${{ parameters.never }}\n", None, "a.yml:2"),
    "Key not found in a typed template": (
        "steps:\n- template: t.yml\n",
        STRICT + "- script: ${{ parameters.never }}\n",
        "t.yml:4",
    ),
    "Unexpected parameter for a typed template": (
        "steps:\n- template: t.yml\n  parameters: {never: y}\n",
        STRICT + "- script: y\n",
        "a.yml:3",
    ),
    "A value for the parameter must be provided": (
        "steps:\n- template: t.yml\n",
        "parameters:\n- {name: given, type: string}\nsteps:\n- script: y\n",
        "a.yml:2",
    ),
    "A template expression is not allowed in a default": (
        "steps:\n- template: t.yml\n",
        "parameters:\n- name: given\n  default: ${{ variables.x }}\nsteps:\n- script: y\n",
        "t.yml:3",
    ),
    "The same in the old form": (
        "steps:\n- template: t.yml\n",
        "parameters:\n  given: ${{ variables.x }}\nsteps:\n- script: y\n",
        "t.yml:2",
    ),
    "The default is not a valid boolean": (
        "steps:\n- template: t.yml\n",
        "parameters:\n- name: given\n  type: boolean\n  default: $(x)\nsteps:\n- script: y\n",
        "t.yml:4",
    ),
    "An expression inside an expression": (
        "variables:\n- name: x\n  value: ${{ eq(variables.a${{ variables.b }}, 1) }}\nsteps: []\n",
        None,
        "a.yml:3",
    ),
    "Unexpected symbol in a branch that is not taken": (
        "steps:\n- ${{ if false }}:\n  - script: ${{ 3 + 4 }}\n",
        None,
        "a.yml:3",
    ),
    "'variables' is already defined": (
        "variables: {a: b}\nextends:\n  template: t.yml\n",
        "variables: {c: d}\nsteps:\n- script: y\n",
        "a.yml:1",
    ),
}
TAKEN = {
    # What the service did: the pipeline, its template, the script that came out.
    "an unknown variable is empty": ("steps:\n- script: x${{ variables.never }}x\n", None, "xx"),
    "a variable that comes later is empty": (
        f"variables:\n- {BUILDS}\n- {{name: b, value: late}}\n{SHOWN}",
        None,
        "xx",
    ),
    "a variable builds on one before it": (
        f"variables:\n- {{name: b, value: early}}\n- {BUILDS}\n{SHOWN}",
        None,
        "xearlyx",
    ),
    "the word of a step may be worked out": (
        "variables: {word: script}\nsteps:\n- ${{ variables.word }}: make\n",
        None,
        "make",
    ),
    "an old template takes what it does not declare": (
        "steps:\n- template: t.yml\n  parameters: {never: y}\n",
        OLD + "- script: ${{ parameters.never }}\n",
        "y",
    ),
    "an unknown parameter of an old template is empty": (
        "steps:\n- template: t.yml\n",
        OLD + "- script: x${{ parameters.never }}x\n",
        "xx",
    ),
    "a macro may be the default of a text": (
        "steps:\n- template: t.yml\n",
        "parameters:\n- {name: given, type: string, default: $(late)}\nsteps:\n- script: ${{ parameters.given }}\n",
        "$(late)",
    ),
    "a template's name may be worked out": (
        "variables: {file: t.yml}\nsteps:\n- template: ${{ variables.file }}\n",
        OLD + "- script: ${{ parameters.given }}\n",
        "x",
    ),
    "a template expression stands in a runtime expression": (
        "variables: {part: 'a,variables.b'}\nsteps:\n- script: $[eq(variables.${{ variables.part }})]\n",
        None,
        "$[eq(variables.a,variables.b)]",
    ),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_the_service_refused_is_refused_at_its_line(pipeline, said):
    entry, template, line = REFUSED[said]
    with pytest.raises(InvalidPipelineError, match=f"^{line}: "):
        pipeline(entry, {"t.yml": template} if template else None, file="a.yml")


@pytest.mark.parametrize("done", TAKEN)
def test_what_the_service_took_comes_out_as_it_did_there(final, done):
    entry, template, script = TAKEN[done]
    assert final(entry, {"t.yml": template} if template else None)["steps"] == [{"script": script}]
