"""What our Dockerfiles may and may not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
RUNTIMES = ("ml/serving/Dockerfile", "ml/training/Dockerfile")
ALL = (*RUNTIMES, "ml/serving/model.Dockerfile")


def instructions(text: str) -> list[tuple[str, str]]:
    """Every instruction with its words, in order."""
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [(name, words) for name, _, words in (line.partition(" ") for line in joined.splitlines() if line)]


def faults(text: str) -> list[str]:
    """What a Dockerfile of ours says that it must not."""
    found = []
    for name, words in instructions(text):
        if name == "FROM" and not words.startswith("${"):
            found.append(f"FROM {words}: the base is named by the environment, with its digest")
        if name == "ADD":
            found.append("ADD fetches and unpacks; COPY does not")
        if name == "COPY" and words.startswith(". "):
            found.append("COPY . takes whatever lies there")
        if name == "RUN" and re.search(r"curl|wget|apt-get|apk |git clone|https?://", words):
            found.append(f"RUN {words[:40]}: no step needs a network")
        if name == "RUN" and "pip" in words and "install" in words:
            needed = ("--no-index", "--require-hashes", "--only-binary :all:", "--no-deps")
            found += [f"pip without {option}" for option in needed if option not in words]
    return found


def final_stage(text: str) -> list[tuple[str, str]]:
    found = instructions(text)
    last = max(place for place, (name, _) in enumerate(found) if name == "FROM")
    return found[last:]


@pytest.mark.parametrize("name", ALL)
def test_holds_to_the_rules(name):
    assert faults((ROOT / name).read_text()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("FROM ${BASE} AS builder", "FROM python:latest AS builder", "named by the environment"),
        ("--require-hashes ", "", "--require-hashes"),
        ("--no-index ", "", "--no-index"),
        ("--only-binary :all:", "", "--only-binary"),
        ("COPY own /build/own", "COPY . /build", "whatever lies there"),
        ("COPY own /build/own", "ADD https://example.com/x.whl /build", "COPY does not"),
        ("RUN python -m venv", "RUN apt-get update && python -m venv", "no step needs a network"),
    ],
)
def test_a_weakened_dockerfile_is_caught(old, new, fault):
    text = (ROOT / "ml/serving/Dockerfile").read_text()
    assert old in text
    assert any(fault in found for found in faults(text.replace(old, new)))


@pytest.mark.parametrize("name", RUNTIMES)
def test_what_is_left_at_the_end_runs_as_nobody_and_holds_no_builder(name):
    stage = final_stage((ROOT / name).read_text())
    users = [words for instruction, words in stage if instruction == "USER"]
    assert users == ["10001:10001"]
    assert [words for instruction, words in stage if instruction == "STOPSIGNAL"] == ["SIGTERM"]
    copied = [words for instruction, words in stage if instruction == "COPY"]
    assert all("wheels" not in words and "/build" not in words for words in copied)
    labels = " ".join(words for instruction, words in stage if instruction == "LABEL")
    for label in ("title", "version", "created", "base.name"):
        assert f"org.opencontainers.image.{label}=" in labels


def test_the_model_api_says_where_it_listens_and_how_it_is():
    stage = dict(final_stage((ROOT / "ml/serving/Dockerfile").read_text()))
    assert stage["EXPOSE"] == "8080"
    assert "modelyard_serving.health" in stage["HEALTHCHECK"]
    assert "modelyard_serving.container" in stage["ENTRYPOINT"]


def test_a_models_own_image_adds_one_layer_and_runs_nothing():
    text = (ROOT / "ml/serving/model.Dockerfile").read_text()
    names = [name for name, _ in instructions(text)]
    assert names.count("COPY") == 1
    assert "RUN" not in names
    assert "USER" not in names


def test_every_argument_that_a_build_gives_is_one_that_the_dockerfile_takes(building, bundle, builder):
    building.release(bundle)
    for order in builder.orders:
        taken = {
            words.partition("=")[0]
            for name, words in instructions((order.context / "Dockerfile").read_text())
            if name == "ARG"
        }
        assert set(order.arguments) <= taken
