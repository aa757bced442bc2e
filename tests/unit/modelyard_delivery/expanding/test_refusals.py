"""Everything that the expander refuses, each with its line and what to do; and a check that no refusal is untried."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import traceback
import types
from pathlib import Path

import pytest

from modelyard.delivery import expanding
from modelyard.errors import InvalidPipelineError

FOLDER = Path(expanding.__file__).parent
PACKAGE = expanding.__name__
REFUSERS = {"refuse", "_mismatch"}
ENTRY = "a.yml"
JOB = "jobs:\n- job: a\n  "
STAGE = "stages:\n- stage: a\n  "
DEPLOY = "jobs:\n- deployment: a\n  environment: e\n  strategy:\n    "
FLAG = "parameters:\n- name: flag\n  type: boolean\nsteps:\n- script: x\n"
NESTED = "".join(f"{'  ' * n}- ${{{{ each i{n} in split('{'a,' * 99}a', ',') }}}}:\n" for n in range(4))
DOUBLED = "  v0: " + "x" * 999 + "\n" + "".join(
    f"  v{n + 1}: ${{{{ variables.v{n} }}}}${{{{ variables.v{n} }}}}\n" for n in range(20)
)  # fmt: skip


def deep(inner):
    return "[" * 90 + inner + "]" * 90


PASSED = "'${{ parameters.o }}'"
OBJECT = "parameters:\n- {name: o, type: object}\nsteps:\n"
DEEPER = {
    "t.yml": f"{OBJECT}- template: u.yml\n  parameters:\n    o: {deep(PASSED)}\n",
    "u.yml": f"{OBJECT}- task: A@1\n  inputs: ${{{{ parameters.o }}}}\n",
}


def chain(length):
    """Templates that each use the next one."""
    return {f"t{n}.yml": f"steps:\n- template: t{n + 1}.yml\n" for n in range(length)} | {
        f"t{length}.yml": "steps: []\n"
    }


CASES = [
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
]


SETTINGS = [
    ("parameters:\n- name: o\n  type: object\nsteps: []\n", {"o": "[a"}, "a.yml:2: the value '[a' is not YAML"),
    ("parameters:\n- name: o\n  type: object\nsteps: []\n", {"o": "a\x00"}, "a.yml:2: a value has a character"),
    ("parameters:\n- name: o\n  type: object\nsteps: []\n", {}, "a.yml:1: the parameter 'o' of type object is missing"),
    ("steps: []\n", {"o": "x"}, "a.yml:1: a.yml has no parameter 'o'"),
    (
        "parameters:\n- name: o\n  type: number\nsteps: []\n",
        {"o": True},
        "a.yml:2: the parameter 'o' has the type number",
    ),
]


def read_from(entry, files):
    known = {ENTRY: entry, **(files or {})}

    def read(name):
        content = known.get(name)
        if isinstance(content, Exception):
            raise content
        return content.encode() if isinstance(content, str) else content

    return read


def load_with(package, entry, files, parameters=None):
    """Loads an entry file with the package of that name, which may be a weakened copy."""
    module = sys.modules[f"{package}.loading"]
    return module.load(Path("/nowhere"), ENTRY, parameters=parameters, read=read_from(entry, files))


@pytest.fixture(scope="module", autouse=True)
def loading():
    """Imports what is tried, under its own name."""
    return importlib.import_module(f"{PACKAGE}.loading")


@pytest.mark.parametrize(("entry", "files", "message"), CASES, ids=[case[2] for case in CASES])
def test_a_bad_pipeline_is_refused_with_its_line_and_what_to_do(entry, files, message):
    with pytest.raises(InvalidPipelineError) as refused:
        load_with(PACKAGE, entry, files)
    assert refused.value.message.startswith(message)
    assert refused.value.hint


@pytest.mark.parametrize(("entry", "parameters", "message"), SETTINGS, ids=[case[2] for case in SETTINGS])
def test_a_bad_setting_is_refused_at_its_declaration(entry, parameters, message):
    with pytest.raises(InvalidPipelineError) as refused:
        load_with(PACKAGE, entry, None, parameters)
    assert refused.value.message.startswith(message)
    assert refused.value.hint


def calls(path):
    """The calls on which a module refuses."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return tree, [node for node in found if node.func.id in REFUSERS]


def lines_of(error):
    """Every line that an error went through, also those it was raised again from."""
    while error is not None:
        yield from ((Path(frame.filename).stem, frame.lineno) for frame in traceback.extract_tb(error.__traceback__))
        error = error.__context__


def outcome(package, case):
    """What becomes of a case: an error, or None."""
    try:
        load_with(package, *case)
    except Exception as error:
        return error
    return None


def all_cases():
    return [(entry, files, None) for entry, files, _ in CASES] + [(entry, None, given) for entry, given, _ in SETTINGS]


def test_no_refusal_is_untried():
    tried = {line for case in all_cases() for line in lines_of(outcome(PACKAGE, case))}
    everything = {(path.stem, call.lineno) for path in FOLDER.rglob("*.py") for call in calls(path)[1]}
    assert len(everything) > 80
    assert sorted(everything - tried) == []


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the package that can be weakened."""
    name = "weakened_expanding"
    for path in FOLDER.rglob("*.py"):
        copy = tmp_path / name / path.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8").replace(PACKAGE, name))
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(f"{name}.loading")
    yield tmp_path / name
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def weakened_copies(folder):
    """Each refusal in turn does nothing; yields where it stood. What keeps an expansion finite stays."""
    for path in sorted(folder.rglob("*.py")):
        if path.stem == "limits":
            continue
        tree, found = calls(path)
        for call in found:
            refuse, call.func = call.func, ast.parse("lambda *words, **more: None", mode="eval").body
            bodies = code_by_name(compile(ast.fix_missing_locations(tree), str(path), "exec"))
            call.func = refuse
            module = ".".join([folder.name, *path.relative_to(folder).with_suffix("").parts])
            functions = [one for one in functions_of(sys.modules[module]) if one.__qualname__ in bodies]
            kept = [one.__code__ for one in functions]
            for one in functions:
                one.__code__ = bodies[one.__qualname__]
            yield path.stem, call.lineno
            for one, code in zip(functions, kept, strict=True):
                one.__code__ = code


def code_by_name(code):
    """The code of every function of a module."""
    inner = [part for part in code.co_consts if isinstance(part, types.CodeType)]
    return {part.co_qualname: part for part in inner} | {k: v for part in inner for k, v in code_by_name(part).items()}


def functions_of(module):
    """The functions and methods that a module defines."""
    for value in vars(module).values():
        if getattr(value, "__module__", None) == module.__name__:
            parts = vars(value).values() if isinstance(value, type) else [value]
            for part in parts:
                function = inspect.unwrap(getattr(part, "fget", part))
                if isinstance(function, types.FunctionType):
                    yield function


def test_a_copy_without_any_one_of_its_refusals_is_caught(copied):
    right = [(case, outcome(copied.name, case)) for case in all_cases()]
    reached = [(case, str(error), set(lines_of(error))) for case, error in right]
    missed, tried = [], 0
    for line in weakened_copies(copied):
        tried += 1
        cases = [(case, message) for case, message, lines in reached if line in lines]
        if all(str(outcome(copied.name, case)) == message for case, message in cases):
            missed.append(line)
    assert tried > 80
    assert missed == []
