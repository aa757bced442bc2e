"""Searches over real processes: the number of them changes nothing, and none can take the search down."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from modelyard.errors import InvalidModelError, ModelError
from modelyard.models.preparing import labelled_parts
from modelyard.testing.model_fakes import sample_frame
from modelyard.testing.search_fakes import HARMLESS, always_crashing, crashing, grouped_spec, hanging, searched_spec
from modelyard_training.grouping import fit_groups, shares_of
from modelyard_training.search.running import search
from modelyard_training.search.triers import Means


@pytest.fixture(scope="module")
def parts():
    return labelled_parts(searched_spec(), sample_frame(), data_versions={})


@pytest.fixture
def run(parts):
    """Searches in so many processes."""

    def searched(declared=searched_spec, *, workers, progress=lambda _: None, **more):
        means = Means(workers=workers, declared=declared, **more)
        return search(declared(), parts, seed=3, progress=progress, means=means)

    return searched


def timeless(result):
    return [replace(trial, seconds=0.0) for trial in result.trials]


@pytest.mark.parametrize("folds", [1, 3])
def test_the_number_of_processes_changes_nothing(run, folds):
    declared = partial(searched_spec, folds=folds, trials=9, together=3)
    alone = run(declared, workers=0)
    for workers in (1, 3):
        found = run(declared, workers=workers)
        assert timeless(found) == timeless(alone)
        assert found.best == alone.best


def test_a_trial_that_takes_its_process_down_costs_itself_and_no_other(run):
    found = run(partial(searched_spec, crashing, sampler="grid"), workers=2)
    assert len(found.trials) == 5
    lost = [trial for trial in found.trials if trial.problem]
    assert len(lost) == 2
    assert {trial.problem for trial in lost} == {"its process ended with signal 9"}
    assert all(trial.parameters["strength"] > HARMLESS for trial in lost)
    assert found.best["strength"] <= HARMLESS


def test_a_trial_that_hangs_is_stopped_at_its_time_and_counts_as_failed(run):
    found = run(partial(searched_spec, hanging, sampler="grid", trial_seconds=8.0), workers=2)
    stopped = [trial for trial in found.trials if trial.problem]
    assert len(stopped) == 2
    assert {trial.problem for trial in stopped} == {"it took longer than 8 s and was stopped"}
    assert all(8 <= trial.seconds < 60 for trial in stopped)
    assert found.best["strength"] <= HARMLESS


def test_where_every_trial_takes_its_process_down_the_reason_is_said(run):
    with pytest.raises(InvalidModelError, match=r"every trial .* failed; the first one with its process ended with"):
        run(partial(searched_spec, always_crashing, trials=3), workers=2)


def test_a_declaration_that_a_worker_cannot_find_ends_the_search_with_a_reason(parts):
    means = Means(workers=1, declared=partial(json.loads, "not JSON"))
    with pytest.raises(ModelError, match="a worker's process could not begin: its process ended with exit code 1"):
        search(searched_spec(), parts, seed=1, progress=lambda _: None, means=means)


PROGRAM = """
import os, signal, subprocess, sys
from functools import partial
from pathlib import Path
from modelyard.models.preparing import labelled_parts
from modelyard.testing.model_fakes import sample_frame
from modelyard.testing.search_fakes import hanging, searched_spec
from modelyard_training.search.running import search
from modelyard_training.search.triers import Means

folder, after, build = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
told = []

def kill(line):
    told.append(line)
    if len(told) == after:
        children = subprocess.run(["ps", "--ppid", str(os.getpid()), "-o", "pid="], capture_output=True, text=True)
        print(children.stdout, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

declared = partial(searched_spec, hanging, trial_seconds=3.0) if build else searched_spec
means = Means(workers=2, declared=declared, journals=folder, source="s" * 64)
parts = labelled_parts(declared(), sample_frame(), data_versions={})
search(declared(), parts, seed=3, progress=kill, means=means)
"""


def killed(folder, after, *more):
    """Runs the program until it kills itself; gives its children's process ids."""
    command = [sys.executable, "-c", PROGRAM, str(folder), str(after), *more]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return [int(word) for word in ended.stdout.split()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("after", [2, 5])
def test_a_killed_search_goes_on_where_it_stopped_and_finds_the_same(run, tmp_path, after):
    killed(tmp_path, after)
    found = run(workers=2, journals=tmp_path, source="s" * 64)
    assert found.replayed >= after
    assert timeless(found) == timeless(run(workers=0))


def test_workers_do_not_outlive_a_parent_that_was_killed_not_even_in_the_middle_of_a_trial(tmp_path):
    workers = [pid for pid in killed(tmp_path, 1, "hanging") if pid]
    until = time.monotonic() + 20
    while any(map(is_alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert len(workers) >= 2
    assert not [pid for pid in workers if is_alive(pid)]


def test_groups_fitted_in_processes_are_those_fitted_here(parts):
    spec, parameters = grouped_spec(), {"strength": 0.3, "seed": 1}
    here = fit_groups(spec, parameters, parts.train, means=Means(), seconds=0)
    there = fit_groups(spec, parameters, parts.train, means=Means(workers=2, declared=grouped_spec), seconds=1e9)
    assert sorted(there.pipeline.groups_) == ["harbour", "north", "south"]
    assert np.array_equal(here.predict(parts.test), there.predict(parts.test))


def test_a_group_that_takes_its_process_down_ends_the_training_with_a_reason(parts):
    deadly = partial(grouped_spec, always_crashing)
    with pytest.raises(InvalidModelError, match=r"fitting groups .* ended: its process ended with signal 9"):
        fit_groups(deadly(), {"seed": 1}, parts.train, means=Means(workers=2, declared=deadly), seconds=1e9)


def test_shares_are_of_about_the_same_weight_and_the_heaviest_comes_first():
    sizes = {f"group {number}": number for number in range(1, 41)}
    shares = shares_of(sizes, 4)
    weights = [sum(sizes[key] for key in share) for share in shares]
    assert sorted(key for share in shares for key in share) == sorted(sizes)
    assert max(weights) - min(weights) <= 5
    assert weights == sorted(weights, reverse=True)
    assert shares_of({"a": 1}, 8) == [["a"]]
