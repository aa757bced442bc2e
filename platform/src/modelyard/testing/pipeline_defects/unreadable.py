"""Pipelines that cannot be read, each with the beginning of the message that must refuse it."""

from __future__ import annotations

from collections.abc import Mapping

ENTRY = "a.yml"
JOB = "jobs:\n- job: a\n  "
STAGE = "stages:\n- stage: a\n  "
DEPLOY = "jobs:\n- deployment: a\n  environment: e\n  strategy:\n    "
FLAG = "parameters:\n- name: flag\n  type: boolean\nsteps:\n- script: x\n"
NESTED = "".join(f"{'  ' * n}- ${{{{ each i{n} in split('{'a,' * 99}a', ',') }}}}:\n" for n in range(4))
DOUBLED = "  v0: " + "x" * 999 + "\n" + "".join(
    f"  v{n + 1}: ${{{{ variables.v{n} }}}}${{{{ variables.v{n} }}}}\n" for n in range(20)
)  # fmt: skip


def deep(inner: str) -> str:
    """A text inside ninety lists, each in the next."""
    return "[" * 90 + inner + "]" * 90


PASSED = "'${{ parameters.o }}'"
OBJECT = "parameters:\n- {name: o, type: object}\nsteps:\n"
DEEPER = {
    "t.yml": f"{OBJECT}- template: u.yml\n  parameters:\n    o: {deep(PASSED)}\n",
    "u.yml": f"{OBJECT}- task: A@1\n  inputs: ${{{{ parameters.o }}}}\n",
}


def chain(length: int) -> dict[str, str]:
    """Templates that each use the next one."""
    return {f"t{n}.yml": f"steps:\n- template: t{n + 1}.yml\n" for n in range(length)} | {
        f"t{length}.yml": "steps: []\n"
    }


CASES: tuple[tuple[str | bytes, Mapping[str, str | Exception] | None, str], ...] = (
    # files and YAML
    ("", None, "a.yml:1: the file is empty"),
    ("- a\n", None, "a.yml:1: a pipeline is a mapping of keys, found a list"),
    (b"#" * (4 * 1024 * 1024 + 1), None, "a.yml:1: the file has 4,194,305 bytes"),
    (b"\xff", None, "a.yml:1: byte 0xff is not UTF-8"),
    ("a: \x07\n", None, "a.yml:1: the character U+0007"),
    ("a:\n\tb: c\n", None, "a.yml:2: the line is indented with a tab"),
    ("steps: []\n---\nsteps: []\n", None, "a.yml:2: a second document"),
    ("a: " + "[" * 200, None, "a.yml:1: nested deeper than 100 levels"),
    ("? [a]\n: b\n", None, "a.yml:1: a key is a text"),
    ("a: 1\nA: 2\n", None, "a.yml:2: the key 'A' is already there as 'a', at a.yml:1"),
    ("a: *x\n", None, "a.yml:1: the alias *x"),
    ("a: &x b\n", None, "a.yml:1: the anchor &x"),
    ("a: !x b\n", None, "a.yml:1: the tag !x"),
    (
        "steps:\n- template: t.yml\n",
        {"t.yml": PermissionError(13, "Permission denied")},
        "a.yml:2: t.yml cannot be read",
    ),
    ("steps:\n- template: t.yml\n", {}, "a.yml:2: there is no file t.yml"),
    ("steps:\n- template: t.yml@other\n", {}, "a.yml:2: 't.yml@other' is in another repository"),
    ("steps:\n- template: ''\n", {}, "a.yml:2: `template` names no file"),
    ("steps:\n- template: ../t.yml\n", {}, "a.yml:2: '../t.yml' leads out of the repository"),
    (
        "steps:\n" + "".join(f"- template: t{n}.yml\n" for n in range(101)),
        {f"t{n}.yml": "steps: []" for n in range(101)},
        "a.yml:102: more than 100 template files",
    ),
    # templates
    ("steps:\n- template: t.yml\n  displayName: x\n", {}, "a.yml:3: `displayName` cannot stand beside `template`"),
    ("steps:\n- template: [t.yml]\n", {}, "a.yml:2: `template` must name a file"),
    ("steps:\n- template: t.yml\n  parameters: x\n", {}, "a.yml:3: `parameters` of a template is a mapping"),
    ("steps:\n- template: t.yml\n", {"t.yml": "jobs: []"}, "a.yml:2: t.yml has the key `jobs` (line 1)"),
    ("steps:\n- template: t.yml\n", {"t.yml": "parameters: []"}, "a.yml:2: t.yml has no `steps`"),
    ("steps:\n- template: t0.yml\n", chain(101), "t99.yml:2: templates use each other over more than 100 levels"),
    (
        "steps:\n- template: t.yml\n",
        {"t.yml": "steps:\n- template: t.yml\n"},
        "t.yml:2: templates use each other in a circle",
    ),
    (
        "steps:\n- template: t.yml\n",
        {"t.yml": "${{ if eq(1, 1) }}:\n  jobs: []\n"},
        "t.yml:2: a template of steps has no key 'jobs'",
    ),
    ("extends: t.yml\n", {}, "a.yml:1: `extends` is a mapping"),
    (
        "variables: {a: b}\nextends:\n  template: t.yml\n",
        {"t.yml": "variables: {c: d}\nsteps: []\n"},
        "a.yml:1: `variables` stand here and in the template that is extended, at t.yml:1",
    ),
    ("steps: []\njobs: []\n", None, "a.yml:2: `steps` and `jobs` cannot stand together"),
    ("steps: x\n", None, "a.yml:1: `steps` is a list, found 'x'"),
    # parameters
    ("parameters: x\nsteps: []\n", None, "a.yml:1: `parameters` is a list"),
    (
        "parameters:\n- name: a\n- name: A\nsteps: []\n",
        None,
        "a.yml:3: the parameter 'A' is declared twice, first at a.yml:2",
    ),
    ("parameters:\n- a\nsteps: []\n", None, "a.yml:2: a parameter is a mapping"),
    (
        "parameters:\n- name: a\n  defualt: x\nsteps: []\n",
        None,
        "a.yml:3: a parameter has no key 'defualt'; did you mean 'default'?",
    ),
    ("parameters:\n- name: 1a\nsteps: []\n", None, "a.yml:2: a parameter needs a name, found '1a'"),
    ("parameters:\n- name: [a]\nsteps: []\n", None, "a.yml:2: `name` is a text, found a list"),
    (
        "parameters:\n- name: a\n  type: bool\nsteps: []\n",
        None,
        "a.yml:3: no parameter has the type 'bool'; did you mean 'boolean'?",
    ),
    (
        "steps:\n- template: t.yml\n",
        {"t.yml": "parameters:\n- name: a\n  type: pool\nsteps: []\n"},
        "t.yml:3: the type 'pool' is only for",
    ),
    ("parameters:\n- name: a\n  values: x\nsteps: []\n", None, "a.yml:3: `values` is a list"),
    ("parameters:\n- name: a\n  values: [[x]]\nsteps: []\n", None, "a.yml:3: `values` is a list of texts"),
    (
        "parameters:\n- name: a\n  type: number\n  values: [1, x]\nsteps: []\n",
        None,
        "a.yml:4: the parameter 'a' has the type number, found 'x'",
    ),
    (
        "parameters:\n- name: a\n  default: ${{ variables.x }}\nsteps: []\n",
        None,
        "a.yml:3: a template expression is not allowed in the declaration of parameters",
    ),
    (
        "steps:\n- template: t.yml\n  parameters: {flog: 1}\n",
        {"t.yml": FLAG},
        "a.yml:3: t.yml has no parameter 'flog'; did you mean 'flag'?",
    ),
    (
        "steps:\n- template: t.yml\n",
        {"t.yml": FLAG},
        "a.yml:2: the parameter 'flag' of type boolean is missing (declared at t.yml:2)",
    ),
    (
        "steps:\n- template: t.yml\n  parameters: {flag: [1]}\n",
        {"t.yml": FLAG},
        "a.yml:3: the parameter 'flag' has the type boolean, found a list (declared at t.yml:2)",
    ),
    (
        "steps:\n- template: t.yml\n  parameters:\n    flag: yes\n",
        {"t.yml": FLAG},
        "a.yml:4: the parameter 'flag' has the type boolean, found 'yes' (declared at t.yml:2)",
    ),
    (
        "steps:\n- template: t.yml\n  parameters:\n    n: ''\n",
        {"t.yml": "parameters:\n- name: n\n  type: number\nsteps: []\n"},
        "a.yml:4: the parameter 'n' has the type number, found ''",
    ),
    (
        "parameters:\n- name: a\n  values: [dev, prod]\n  default: prd\nsteps: []\n",
        None,
        "a.yml:4: the parameter 'a' cannot be 'prd'; did you mean 'prod'?",
    ),
    (
        "parameters:\n- name: a\n  type: stepList\n  default: {script: x}\nsteps: []\n",
        None,
        "a.yml:4: the parameter 'a' has the type stepList, found a mapping",
    ),
    (
        "parameters:\n- name: a\n  type: step\n  default: [script: x]\nsteps: []\n",
        None,
        "a.yml:4: the parameter 'a' has the type step, found a list",
    ),
    (
        "parameters:\n- name: a\n  type: jobList\n  default: [{steps: []}]\nsteps: []\n",
        None,
        "a.yml:4: the parameter 'a' has the type jobList, found a mapping without `job`",
    ),
    # directives and expressions
    ("steps:\n- ${{ elif x }}:\n  - script: a\n", None, "a.yml:2: 'elif x' begins with a word"),
    ("steps:\n- ${{ else if x }}:\n  - script: a\n", None, "a.yml:2: `else` takes no expression"),
    ("steps:\n- ${{ if }}:\n  - script: a\n", None, "a.yml:2: `if` lacks its expression"),
    ("steps:\n- ${{ each x }}:\n  - script: a\n", None, "a.yml:2: `each` needs a name"),
    ("steps:\n- ${{ each parameters in x }}:\n  - script: a\n", None, "a.yml:2: a loop's variable cannot be called"),
    ("steps:\n- ${{ if eq(1, 1) }}\n", None, "a.yml:2: `if` is a key, so a colon"),
    ("steps:\n- ${{ else }}:\n  - script: a\n", None, "a.yml:2: `else` without an `if`"),
    (
        "steps:\n- ${{ if eq(1, 1) }}:\n  - script: a\n- script: b\n- ${{ else }}:\n  - script: c\n",
        None,
        "a.yml:5: `else` without an `if`",
    ),
    (
        "parameters:\n- name: o\n  type: object\n  default: {a: 1}\nsteps:\n- script: x ${{ parameters.o }}\n",
        None,
        "a.yml:6: `parameters.o` is Object, and a text is needed",
    ),
    (
        "steps:\n- ${{ each x in 'text' }}:\n  - script: a\n",
        None,
        "a.yml:2: `each` goes over a list or a mapping; `'text'` is String",
    ),
    ("steps:\n- script: a\n  env:\n    ${{ if eq(1, 1) }}:\n    - a\n", None, "a.yml:5: `if` stands among keys here"),
    ("trigger: ${{ variables.x }}\nsteps: []\n", None, "a.yml:1: a template expression is not allowed in `trigger`"),
    (
        "resources:\n  repositories:\n  - repository: ${{ variables.x }}\nsteps: []\n",
        None,
        "a.yml:3: a template expression is not allowed in `resources.repositories`",
    ),
    ("steps:\n- script: ${{ nothing() }}\n", None, "a.yml:2: "),
    ("steps:\n- script: |\n    one\n    ${{ eq(1 }}\n", None, "a.yml:4: "),
    ("steps:\n- script: a ${{ b\n", None, "a.yml:2: "),
    (
        "steps:\n- script: a\n  env:\n    A: 1\n    ${{ if eq(1, 1) }}:\n      a: 2\n",
        None,
        "a.yml:6: the key 'a' is already there as 'A', at a.yml:4",
    ),
    # limits
    ("variables:\n" + DOUBLED + "steps: []\n", None, "a.yml:16: the expanded pipeline is larger than 20 MB"),
    ("steps:\n" + NESTED, None, "a.yml:5: the loops of this pipeline take more than 200,000 rounds"),
    (
        f"steps:\n- template: t.yml\n  parameters:\n    o: {deep('1')}\n",
        DEEPER,
        "a.yml:4: nested deeper than 100 levels",
    ),
    # variables
    ("variables: x\nsteps: []\n", None, "a.yml:1: `variables` is a mapping or a list"),
    ("variables: [x]\nsteps: []\n", None, "a.yml:1: a variable is a mapping"),
    ("variables: {a: [b]}\nsteps: []\n", None, "a.yml:1: the variable 'a' is a text, found a list"),
    ("variables: [{name: '', value: x}]\nsteps: []\n", None, "a.yml:1: `name` is empty"),
    ("variables: [{value: x}]\nsteps: []\n", None, "a.yml:1: a variable needs a key that says what it is"),
    (
        "variables: [{name: x, valeu: y}]\nsteps: []\n",
        None,
        "a.yml:1: a variable's `name` has no key 'valeu'; did you mean 'value'?",
    ),
    # the pipeline
    ("trigger: none\n", None, "a.yml:1: a pipeline needs something to do"),
    ("trigger: yes\nsteps: []\n", None, "a.yml:1: `trigger` is none, a list of branches or a mapping, found 'yes'"),
    ("triger: none\nsteps: []\n", None, "a.yml:1: a pipeline has no key 'triger'; did you mean 'trigger'?"),
    (
        "trigger: {branches: {includes: [a]}}\nsteps: []\n",
        None,
        "a.yml:1: `branches` has no key 'includes'; did you mean 'include'?",
    ),
    (
        "schedules: [{displayName: x, cron: y}]\nsteps: []\n",
        None,
        "a.yml:1: `cron` must be the first key of a schedule",
    ),
    (
        "resources: {pipeline: []}\nsteps: []\n",
        None,
        "a.yml:1: `resources` has no key 'pipeline'; did you mean 'pipelines'?",
    ),
    ("stages: []\n", None, "a.yml:1: `stages` has no stage in it"),
    (STAGE + "displayName: x\n", None, "a.yml:2: the stage 'a' has no jobs"),
    (STAGE + "jobs: []\n", None, "a.yml:3: `jobs` has no job in it"),
    (
        STAGE + "lockBehavior: runlatest\n  jobs: [{job: a}]\n",
        None,
        "a.yml:3: `lockBehavior` cannot be 'runlatest'; did you mean 'runLatest'?",
    ),
    ("jobs: [{job: a}, {job: A}]\n", None, "a.yml:1: a job 'A' is already there, at a.yml:1"),
    ("jobs: [{job: a-b}]\n", None, "a.yml:1: the name of a job cannot be 'a-b'"),
    ("jobs: [a]\n", None, "a.yml:1: a job is a mapping of keys, found 'a'"),
    (JOB + "dependsOn:\n", None, "a.yml:3: `dependsOn` is empty"),
    (JOB + "dependsOn: {b: c}\n", None, "a.yml:3: `dependsOn` is a list, found a mapping"),
    (JOB + "timeoutInMinutes: soon\n", None, "a.yml:3: `timeoutInMinutes` is a whole number, found 'soon'"),
    (JOB + "continueOnError: maybe\n", None, "a.yml:3: `continueOnError` is true or false, found 'maybe'"),
    (
        JOB + "strategy: {matrix: {a: {b: c}}, parallel: 2}\n",
        None,
        "a.yml:3: `matrix` and `parallel` cannot stand together",
    ),
    (
        JOB + "strategy: {matrix: models}\n",
        None,
        "a.yml:3: `matrix` is a mapping or a runtime expression, found 'models'",
    ),
    (
        "jobs:\n- deployment: a\n  strategy: {runOnce: {deploy: {}}}\n",
        None,
        "a.yml:2: a deployment needs an environment",
    ),
    (
        "jobs:\n- deployment: a\n  environment: {name: ''}\n  strategy: {runOnce: {deploy: {}}}\n",
        None,
        "a.yml:3: `environment` names none",
    ),
    ("jobs:\n- deployment: a\n  environment: e\n", None, "a.yml:2: a deployment needs a strategy"),
    (DEPLOY + "matrix: {a: {b: c}}\n", None, "a.yml:5: the strategy of a deployment has no key 'matrix'"),
    (DEPLOY + "runOnce: {preDeploy: {steps: []}}\n", None, "a.yml:5: `runOnce` has no `deploy`"),
    # steps
    ("steps: [{}]\n", None, "a.yml:1: a step needs a key that says what it is, and it is empty"),
    (
        "steps: [{scirpt: a}]\n",
        None,
        "a.yml:1: a step needs a key that says what it is, found 'scirpt'; did you mean 'script'?",
    ),
    ("steps: [{script: a, bash: b}]\n", None, "a.yml:1: a step cannot be `script` and `bash` at once"),
    ("steps: [{displayName: a, script: b}]\n", None, "a.yml:1: `script` must be the first key of a step"),
    ("steps: [{task: Cache}]\n", None, "a.yml:1: 'Cache' is not a task with its version"),
    ("steps: [{script: ' '}]\n", None, "a.yml:1: `script` is empty"),
    ("steps: [{script: a, name: a b}]\n", None, "a.yml:1: the name of a step cannot be 'a b'"),
    ("steps: [{script: [a]}]\n", None, "a.yml:1: `script` is a text, found a list"),
)
"""The entry file, templates by name, and how the message begins. An error in place of a template: reading it fails."""
SETTINGS: tuple[tuple[str, Mapping[str, object], str], ...] = (
    ("parameters:\n- name: o\n  type: object\nsteps: []\n", {"o": "[a"}, "a.yml:2: the value '[a' is not YAML"),
    ("parameters:\n- name: o\n  type: object\nsteps: []\n", {"o": "a\x00"}, "a.yml:2: a value has a character"),
    ("parameters:\n- name: o\n  type: object\nsteps: []\n", {}, "a.yml:1: the parameter 'o' of type object is missing"),
    ("steps: []\n", {"o": "x"}, "a.yml:1: a.yml has no parameter 'o'"),
    (
        "parameters:\n- name: o\n  type: number\nsteps: []\n",
        {"o": True},
        "a.yml:2: the parameter 'o' has the type number",
    ),
)
"""The entry file, values for its parameters, and how the message begins."""
