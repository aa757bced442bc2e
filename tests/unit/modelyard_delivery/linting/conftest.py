"""Small pipelines, written as text where a test wants them."""

from __future__ import annotations

import textwrap

import pytest

from modelyard.delivery.expanding.loading import load
from modelyard.delivery.linting.checking import lint
from modelyard.testing.pipeline_defects.sample import sample_command, write_sample


@pytest.fixture
def sample(tmp_path):
    """A folder with the small correct pipeline."""
    write_sample(tmp_path)
    return tmp_path


@pytest.fixture
def written(tmp_path):
    """Writes one pipeline file and gives the typed pipeline."""

    def write(text, name="pipeline.yml"):
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return load(tmp_path, name)

    return write


@pytest.fixture
def found(tmp_path):
    """Lints one pipeline file, and gives rule, line and message of what the named rules find."""

    def look(text, *rules, files=None):
        (tmp_path / "pipeline.yml").write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        for name, content in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(textwrap.dedent(content), encoding="utf-8")
        findings = lint(tmp_path, ["pipeline.yml"], commands=sample_command)
        return [(one.rule, one.place.line, one.message) for one in findings if not rules or one.rule in rules]

    return look
