"""What a killed engine left half-written is removed, and nothing else."""

import os
import socket

import pytest

from modelyard.environment.stack_outputs import PROJECT
from modelyard_infra.engine.homes import local_home
from modelyard_infra.engine.torn import remove_torn


@pytest.fixture
def home(workspace):
    return local_home(workspace)


@pytest.fixture
def stacks(home):
    folder = home.folder / ".pulumi" / "stacks" / PROJECT
    folder.mkdir(parents=True)
    (folder / "local.json").write_text('{"checkpoint": {}}')
    return folder


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_an_empty_note_is_removed_and_the_state_stays(home, stacks):
    (stacks / "local.json.attrs").write_text("")
    (stacks / "local.json.bak.attrs").write_text('{"user.cache_control":""}')
    assert remove_torn(home, "local") == 1
    assert names(stacks) == ["local.json", "local.json.bak.attrs"]


def test_a_draft_that_nobody_finished_is_removed(home, stacks):
    (stacks / "local.json.18ea1ce36b78d714.tmp").write_text('{"checkp')
    assert remove_torn(home, "local") == 1
    assert names(stacks) == ["local.json"]


def test_other_stacks_are_left_alone(home, stacks):
    (stacks / "other.json.attrs").write_text("")
    assert remove_torn(home, "local") == 0


def test_nothing_is_touched_while_an_engine_works(home, stacks):
    (stacks / "local.json.attrs").write_text("")
    locks = home.folder / ".pulumi" / "locks" / "organization" / PROJECT / "local"
    locks.mkdir(parents=True)
    lock = f'{{"pid": {os.getpid()}, "hostname": "{socket.gethostname()}", "timestamp": "2099-01-01T00:00:00Z"}}'
    (locks / "one.json").write_text(lock)
    assert remove_torn(home, "local") == 0
    assert "local.json.attrs" in names(stacks)
