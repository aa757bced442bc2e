"""Pipelines from texts, without a disk."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import yaml

from modelyard.delivery.expanding.expansion import expand
from modelyard.delivery.expanding.typed.pipelines import read_pipeline


def _reader(files):
    def read(name):
        content = files.get(name)
        return textwrap.dedent(content).encode() if isinstance(content, str) else content

    return read


@pytest.fixture
def expanded():
    """Expands texts: the entry file, then templates by name. Gives the Expansion."""

    def expand_texts(entry, files=None, *, parameters=None, variables=None, file="azure-pipelines.yml"):
        read = _reader({file: entry, **(files or {})})
        return expand(Path("/nowhere"), file, parameters=parameters, variables=variables, read=read)

    return expand_texts


@pytest.fixture
def final(expanded):
    """The final YAML of texts as plain values."""
    return lambda entry, files=None, **settings: expanded(entry, files, **settings).document


@pytest.fixture
def pipeline(expanded):
    """The typed pipeline of texts."""
    return lambda entry, files=None, **settings: read_pipeline(expanded(entry, files, **settings))


@pytest.fixture
def plain_yaml():
    """A hand-written YAML as plain values: every scalar is a text, as the service has it."""
    return lambda text: yaml.load(textwrap.dedent(text), Loader=yaml.BaseLoader)
