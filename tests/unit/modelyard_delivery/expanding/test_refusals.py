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
from modelyard.testing.pipeline_defects.unreadable import CASES, ENTRY, SETTINGS

FOLDER = Path(expanding.__file__).parent
PACKAGE = expanding.__name__
REFUSERS = {"refuse", "_mismatch"}


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
