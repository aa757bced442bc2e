import json
import os
import socket
from datetime import UTC, datetime, timedelta

import psutil

from modelyard_infra.engine.homes import local_home
from modelyard_infra.engine.locks import locks_of, release_stale


def lock(workspace, *, pid, host=None, taken_at=None, name="one"):
    folder = local_home(workspace).folder / ".pulumi" / "locks" / "organization" / "modelyard" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    taken = (taken_at or datetime.now(UTC)).isoformat()
    content = {"pid": pid, "username": "ada", "hostname": host or socket.gethostname(), "timestamp": taken}
    (folder / f"{name}.json").write_text(json.dumps(content))
    return folder / f"{name}.json"


def dead_pid():
    return next(pid for pid in range(4_000_000, 1, -1) if not psutil.pid_exists(pid))


def test_the_lock_of_a_dead_engine_is_released(workspace):
    file = lock(workspace, pid=dead_pid())
    assert release_stale(local_home(workspace), "local") == 1
    assert not file.exists()
    assert release_stale(local_home(workspace), "local") == 0


def test_the_lock_of_a_living_engine_is_kept(workspace):
    file = lock(workspace, pid=os.getpid())
    assert release_stale(local_home(workspace), "local") == 0
    assert file.exists()


def test_a_process_that_began_after_the_lock_has_only_its_number(workspace):
    long_ago = datetime.now(UTC) - timedelta(days=400)
    lock(workspace, pid=os.getpid(), taken_at=long_ago)
    assert release_stale(local_home(workspace), "local") == 1


def test_the_lock_of_another_machine_is_kept(workspace):
    lock(workspace, pid=dead_pid(), host="another-machine")
    assert release_stale(local_home(workspace), "local") == 0
    assert len(locks_of(local_home(workspace), "local")) == 1


def test_a_lock_that_cannot_be_read_is_left_alone(workspace):
    file = lock(workspace, pid=1)
    file.write_text("{")
    assert release_stale(local_home(workspace), "local") == 0
    assert file.exists()
