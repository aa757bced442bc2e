"""Documents and code say the same: errors, exit codes, commands, versions."""

import inspect
import re
import tomllib
from pathlib import Path

import click
import pytest

import modelyard
from modelyard import errors
from modelyard.cli.main import modelyard as command_line

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"```(?:console|sh|bash|shell)?\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`((?:modelyard|make) [^`\n]+)`")


def documents():
    return [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")] + sorted(
        (ROOT / "docs").rglob("*.md")
    )


def error_classes():
    return [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.ModelyardError)]


def commands(text):
    """Every `modelyard …` or `make …` line that a document tells people to type."""
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()] + INLINE.findall(text)
    for line in lines:
        words = line.strip().removeprefix("$ ").split("#")[0].split()
        while words and ("=" in words[0] or words[0] in {"sudo", "time"}):
            words = words[1:]
        if words and Path(words[0]).name in {"modelyard", "make"}:
            yield words


def test_the_error_tree_in_the_docstring_is_the_one_in_the_code():
    drawn = set(re.findall(r"\w+Error", errors.__doc__))
    assert drawn == {one.__name__ for one in error_classes()} | {"ModelyardError"}


def test_every_error_that_may_be_retried_says_so_in_the_tree():
    drawn = {re.search(r"\w+Error", line).group() for line in errors.__doc__.splitlines() if "exit 75" in line}
    assert drawn == {one.__name__ for one in error_classes() if issubclass(one, errors.RetryableError)}


@pytest.mark.parametrize("code", sorted({one.exit_code for one in error_classes()} | {errors.RETRY_EXIT_CODE, 0, 2}))
def test_every_exit_code_has_a_runbook_page(code):
    pages = list((ROOT / "docs" / "runbooks").glob(f"exit-{code}-*.md"))
    assert len(pages) == 1


def test_every_command_that_a_document_names_exists():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = []
    for document in documents():
        for words in commands(document.read_text(encoding="utf-8")):
            known = _known_target(words, targets) if Path(words[0]).name == "make" else _known_command(words[1:])
            if not known:
                unknown.append(f"{document.relative_to(ROOT)}: {' '.join(words)}")
    assert unknown == []


def _known_target(words, targets):
    return all("=" in word or word.startswith("-") or word in targets for word in words[1:])


def _known_command(words):
    command, context = command_line, click.Context(command_line)
    for word in words:
        if not isinstance(command, click.Group):
            break
        if word.startswith("-") or not word.islower():
            return word in {"--help", "--version", "-h", "NOUN"}
        command = command.get_command(context, word)
        if command is None:
            return False
    options = {name for parameter in getattr(command, "params", []) for name in parameter.opts}
    given = {word.split("=")[0] for word in words if word.startswith("--")}
    return given <= options | {"--help", "--version"}


def test_the_changelog_the_code_and_every_member_have_one_version():
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    members = [tomllib.loads(path.read_text(encoding="utf-8")) for path in ROOT.glob("*/pyproject.toml")]
    members += [tomllib.loads(path.read_text(encoding="utf-8")) for path in ROOT.glob("ml/*/pyproject.toml")]
    assert {member["project"]["version"] for member in members} == {modelyard.__version__} == {newest.group(1)}


def test_links_between_documents_lead_somewhere():
    dead = []
    for document in documents():
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                dead.append(f"{document.relative_to(ROOT)}: {target}")
    assert dead == []


def test_the_import_contracts_name_every_package():
    root = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(root["tool"]["importlinter"]["root_packages"])
    there = {path.parent.name for path in ROOT.glob("*/src/*/__init__.py")} | {
        path.parent.name for path in ROOT.glob("ml/*/src/*/__init__.py")
    }
    assert listed == there
