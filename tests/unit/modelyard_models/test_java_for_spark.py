"""Spark starts where Java is new enough; elsewhere one sentence says what is missing."""

import pytest

from modelyard.models.spark import java_problem

TOLD = 'openjdk version "{}" 2025-04-15\nOpenJDK Runtime Environment\n'


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Puts a program named java on an otherwise empty PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)

    def said(text, *, code=0, home="."):
        folder = tmp_path / home / "bin"
        folder.mkdir(parents=True)
        program = folder / "java"
        lines = "\n".join(f"echo '{line}' >&2" for line in text.splitlines())
        program.write_text(f"#!/bin/sh\n{lines}\nexit {code}\n")
        program.chmod(0o755)

    return said


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.2", "25-ea"])
def test_a_java_that_is_new_enough_will_do(java, version):
    java(TOLD.format(version))
    assert java_problem() == ""


def test_what_is_set_for_every_java_may_be_told_first(java):
    java("Picked up JAVA_TOOL_OPTIONS: -Xmx1g\n" + TOLD.format("17.0.15"))
    assert java_problem() == ""


@pytest.mark.parametrize(("version", "short"), [("1.8.0_412", 8), ("11.0.22", 11), ("16", 16)])
def test_an_older_java_is_named(java, version, short):
    java(TOLD.format(version))
    assert java_problem() == f"java is of version {short}, and Spark needs 17 or newer"


def test_without_java_it_says_where_it_looked(tmp_path, java):
    assert java_problem() == "java is neither on PATH nor under JAVA_HOME"


def test_a_java_that_only_asks_for_one_to_be_installed_is_none(java):
    java("The operation could not be completed. Unable to locate a Java Runtime.", code=1)
    assert "Unable to locate a Java Runtime" in java_problem()


def test_java_home_goes_before_path_as_it_does_for_spark(java, tmp_path, monkeypatch):
    java(TOLD.format("17"))
    java(TOLD.format("11"), home="old")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    assert "is of version 11" in java_problem()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    assert "JAVA_HOME names" in java_problem()
