"""The rules of the house that no other tool holds: names, sizes, places."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc", "manager", "managers", "shared"}
LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
MEDIAN_MODULE = 130
MEDIAN_FUNCTION = 12


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def sources():
    return [path for path in tracked("*.py") if "src" in path.relative_to(ROOT).parts]


def name_of(path):
    return str(path.relative_to(ROOT))


def functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node):
    """Lines of a function without its docstring: what must be understood at once."""
    documented = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (documented.count("\n") + 1 if documented else 0)


def test_the_folder_named_platform_cannot_shadow_the_standard_library():
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert tracked("platform/**/conftest.py", "platform/**/test_*.py") == []
    assert tracked("tests/**/__init__.py", "tests/__init__.py", "tests/platform/*") == []
    found = subprocess.run(
        [sys.executable, "-c", "import platform; print(platform.python_version())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert found.startswith("3.")


def test_the_workspace_root_is_not_a_package():
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert root["tool"]["uv"]["package"] is False


def test_modules_are_named_after_what_they_are_about():
    named = {name_of(path) for path in sources() if path.stem in BANNED or path.parent.name in BANNED}
    shadowing = {name_of(path) for path in sources() if path.stem in sys.stdlib_module_names - {"__main__"}}
    assert named == set()
    # A module inside a package shadows nothing, but `from x import json` reads as the library: only our own words.
    assert {path for path in shadowing if Path(path).stem in {"json", "logging", "types", "time", "io"}} == set()


def test_no_module_and_no_function_outgrows_its_budget(record_property):
    modules = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}
    sizes = {f"{name_of(path)}:{node.name}": length(node) for path in sources() for node in functions(path)}
    report = {
        "modules": len(modules),
        "median module": statistics.median(count for count in modules.values() if count > 5),
        "median function": statistics.median(sizes.values()),
    }
    record_property("size", report)
    assert {name: count for name, count in modules.items() if count > LONGEST_MODULE} == {}
    assert {name: count for name, count in sizes.items() if count > LONGEST_FUNCTION} == {}
    assert report["median module"] <= MEDIAN_MODULE
    assert report["median function"] <= MEDIAN_FUNCTION


def test_every_test_file_is_one_that_pytest_collects():
    odd = [
        name_of(path)
        for path in tracked("tests/*.py", "tests/**/*.py")
        if not re.fullmatch(r"test_\w+\.py|conftest\.py", path.name) and "bench" not in path.parts
    ]
    assert odd == []


def test_every_test_is_in_a_room_that_carries_an_import_name():
    rooms = {path.relative_to(ROOT).parts[2] for path in tracked("tests/unit/**/*.py")}
    assert {room for room in rooms if not (room.startswith("modelyard") or room == "tools")} == set()


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_unfinished_is_left_in_the_code(word):
    assert [name_of(path) for path in sources() if word in path.read_text(encoding="utf-8")] == []


def test_no_file_knows_a_path_of_one_machine():
    suspicious = re.compile(r"/root/|/home/\w+/|/Users/\w+/")
    guilty = [
        name_of(path)
        for path in tracked("*.py", "*.md", "*.yaml", "*.yml", "*.toml", "Makefile")
        if suspicious.search(path.read_text(encoding="utf-8")) and path != Path(__file__)
    ]
    assert guilty == []
