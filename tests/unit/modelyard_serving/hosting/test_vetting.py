"""The child that loads a model first: whatever it meets there, the host survives and says what it was."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modelyard_bundle import BundleError
from modelyard_serving.hosting import vetting
from modelyard_serving.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(deployments=tmp_path / "deployments", bundles=tmp_path / "bundles", check_seconds=20)


def in_child(work, settings, **changes):
    from dataclasses import replace

    return vetting._in_child(work, replace(settings, **changes), meanwhile=lambda: None)


# In a process of its own, as in the host: this one has used Polars, whose threads survive no fork.
PROGRAM = """
import json, os, sys
from pathlib import Path
from modelyard_serving.lean import stay_lean
stay_lean()
# Polars begins three at its import, which survive a fork or are not missed: its allocator's and a cleaner of files.
before = len(os.listdir("/proc/self/task"))
from modelyard_bundle import Pointer
from modelyard_serving.hosting.vetting import vet
from modelyard_serving.loading import compiling
from modelyard_serving.plans.plan import NotUnderstood
from modelyard_serving.settings import Settings
{change}
bundles = Path(sys.argv[1])
models = [
    vet(Pointer.from_json(Path(pointer).read_bytes()), Settings(deployments=bundles, bundles=bundles))
    for pointer in sys.argv[2:]
]
threads = len(os.listdir("/proc/self/task")) - before
model = models[-1]
(answer,) = model.answer([model.decode(model.example.columns(), max_rows=10)])
print(json.dumps(dict(way=model.way, version=model.version, threads=threads, values=answer.values)))
"""
NO_PLAN = "compiling.study = lambda *_: NotUnderstood('it is a test')"
WRONG_PLAN = """
from dataclasses import replace
right = compiling.study
def wrong(pipeline, signature):
    plan = right(pipeline, signature)
    return replace(plan, predictor=lambda matrix: plan.predict(matrix) + 1e-6)
compiling.study = wrong
"""


@pytest.fixture
def vetted(tmp_path):
    """What comes of vetting some models, one after the other, in a process that is as the host is."""

    def run(*models, change=""):
        pointers = []
        for version, model in enumerate(models, start=1):
            pointers.append(tmp_path / f"pointer{version}")
            pointers[-1].write_bytes(model.bundle(tmp_path / "bundles", str(version)).to_json())
        command = [sys.executable, "-c", PROGRAM.format(change=change), str(tmp_path / "bundles"), *map(str, pointers)]
        done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
        return json.loads(done.stdout)

    return run


def test_a_sound_model_is_loaded_and_has_a_proven_plan(train, vetted):
    found = vetted(train())
    assert (found["version"], found["way"]) == ("1", "plan: logistic")
    assert found["values"] == pytest.approx(train().example.predictions, abs=1e-12)


def test_a_model_without_a_plan_answers_through_its_pipeline(train, vetted):
    found = vetted(train(), change=NO_PLAN)
    assert found["way"] == "scikit-learn: it is a test"
    assert found["values"] == pytest.approx(train().example.predictions, abs=1e-12)


def test_a_plan_that_differs_from_the_pipeline_is_not_taken(train, vetted):
    found = vetted(train(), change=WRONG_PLAN)
    assert found["way"].startswith("scikit-learn: the plan differs")
    assert found["values"] == pytest.approx(train().example.predictions, abs=1e-12)


def test_a_host_that_has_loaded_models_has_no_more_threads_and_may_fork_again(train, vetted):
    """A thread would not be in the children, and what it holds would be locked there for ever."""
    kinds = [train(seed=1), train(estimator="boosting"), train(estimator="forest"), train(task="regression")]
    assert vetted(*kinds)["threads"] == 0


def test_what_the_child_finds_comes_back(settings):
    assert in_child(lambda: {"compiled": True}, settings) == {"compiled": True}


def test_a_refusal_in_the_child_is_a_refusal_here(settings):
    def refuse():
        raise BundleError("no such thing")

    with pytest.raises(BundleError, match="no such thing"):
        in_child(refuse, settings)


def test_a_crash_is_a_refusal_that_names_the_signal(settings):
    with pytest.raises(BundleError, match="SIGTRAP"):
        in_child(lambda: os.kill(os.getpid(), signal.SIGTRAP), settings)


def test_a_check_that_takes_too_long_is_ended(settings):
    started = time.monotonic()
    with pytest.raises(BundleError, match=r"longer than 0\.5 seconds"):
        in_child(signal.pause, settings, check_seconds=0.5)
    assert time.monotonic() - started < 10


def test_a28_a_model_that_wants_all_the_memory_does_not_get_it(settings):
    with pytest.raises(BundleError, match=r"MemoryError|SIGKILL|SIGSEGV"):
        in_child(lambda: {"size": len(bytearray(1 << 33))}, settings, check_bytes=1 << 28)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: socket.socket().bind(("127.0.0.1", 0)),
        lambda: subprocess.run(["true"], check=True),
        lambda: os.system("true"),
        os.fork,
    ],
    ids=["connect", "bind", "a program", "a shell", "a fork"],
)
def test_a_model_reaches_no_network_and_starts_no_program(settings, attempt):
    with pytest.raises(BundleError, match="while it was loaded"):
        in_child(lambda: {"done": str(attempt())}, settings)


def test_a_weakened_child_would_let_a_program_start(settings, monkeypatch):
    monkeypatch.setattr(vetting, "_refuse", lambda *_: None)
    assert in_child(lambda: {"code": os.system("true")}, settings) == {"code": 0}


def test_the_host_goes_on_while_the_child_works(settings):
    turns = []
    vetting._in_child(lambda: (time.sleep(0.3), {})[1], settings, meanwhile=lambda: turns.append(1))
    assert len(turns) > 3


def test_a_host_that_must_stop_ends_the_child(settings, tmp_path):
    marker = tmp_path / "pid"

    def stop() -> None:
        if marker.exists() and marker.read_text():
            raise KeyboardInterrupt

    def work():
        marker.write_text(str(os.getpid()))
        signal.pause()

    with pytest.raises(KeyboardInterrupt):
        vetting._in_child(work, settings, meanwhile=stop)
    assert not Path(f"/proc/{marker.read_text()}").exists()
