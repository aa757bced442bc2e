"""The hostile corpus against the gate in a process that is watched: everything is refused, and nothing of it runs.

Watched is what Python itself reports (audit events): programs started, sockets opened, names looked up for a pickle,
files written, modules imported. A sound bundle goes first, so that what the gate itself imports is there already.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modelyard.testing.hostile import CORPUS, Place, prepare

WATCH = """
import json, os, sys
from pathlib import Path

from modelyard_serving.lean import stay_lean

stay_lean()
from modelyard_bundle import BundleError, read_pointer
from modelyard_serving.loading.gate import pass_gate

NEVER = (
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen",
    "socket.connect", "socket.bind", "socket.getaddrinfo", "pickle.find_class", "marshal.loads", "ctypes.dlopen",
    "code.__new__", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.link", "os.symlink",
    "os.truncate", "os.kill", "os.putenv", "import", "exec",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
seen = []

def watch(event, arguments):
    if not armed:
        return
    if event in NEVER or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
        seen.append([event, *(repr(one)[:200] for one in arguments)])

armed = False
sys.addaudithook(watch)

def judge(root):
    try:
        pointer = read_pointer(root / "deployments", "tiny")
        pass_gate(pointer, root / "bundles", trusted_keys=root / "trusted")
        return None
    except BundleError as error:
        return str(error)

for root in map(Path, json.load(sys.stdin)):
    seen.clear()
    armed = True
    refusal = judge(root)
    armed = False
    print(json.dumps({"refusal": refusal, "seen": seen}), flush=True)
"""
SLUGS = {name: f"{number:03}" for number, name in enumerate(CORPUS)}


@dataclass(frozen=True)
class Judged:
    """What happened to one bundle."""

    place: Place
    refusal: str | None
    seen: list[Any]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judged]:
    """Every bundle of the corpus, judged in one process; a sound one first and last."""
    root = tmp_path_factory.mktemp("hostile")
    places = {"sound": prepare(root / "sound")}
    for name, hostile in CORPUS.items():
        places[name] = prepare(root / SLUGS[name])
        hostile.spoil(places[name])
    places["sound as well"] = prepare(root / "sound as well")
    asked = json.dumps([str(place.root) for place in places.values()])
    command = [sys.executable, "-c", WATCH]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=300, cwd=root)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: Judged(place, **answer) for (name, place), answer in zip(places.items(), answers, strict=True)}


def test_there_are_enough_of_them():
    assert len(CORPUS) >= 100


@pytest.mark.parametrize("name", CORPUS)
def test_refuses_and_runs_nothing_of(judged, name):
    found = judged[name]
    assert found.refusal is not None
    assert re.search(CORPUS[name].reason, found.refusal)
    assert not found.place.canary.exists()
    # What a sound bundle leads to as well (scikit-learn asks again and again whether pandas is there) is no harm.
    usual = [event[:2] for event in judged["sound as well"].seen]
    assert [event for event in found.seen if event[:2] not in usual] == []


@pytest.mark.parametrize("name", ["sound", "sound as well"])
def test_sound_bundles_pass_before_and_after(judged, name):
    assert judged[name].refusal is None


def test_what_a_sound_bundle_leads_to_is_nothing_but_questions_for_pandas(judged):
    assert {tuple(event[:2]) for event in judged["sound as well"].seen} <= {("import", "'pandas'")}


def test_no_file_lies_where_a_bundle_wanted_it(judged):
    assert not Path("/tmp/evil.npy").exists()
    assert not [place for one in judged.values() for place in one.place.root.rglob("canary")]


def test_the_watch_sees_what_it_has_to_see(tmp_path):
    """With pickles loaded instead of refused, the same watch reports the program, and the canary is there."""
    place = prepare(tmp_path / "place")
    CORPUS["a pickle in place of the model"].spoil(place)
    weakened = WATCH.replace(
        "pass_gate(pointer, root",
        "import pickle; pickle.loads((root / 'bundles' / pointer.bundle / 'model.skops').read_bytes())\n"
        "        pass_gate(pointer, root",
    )
    command = [sys.executable, "-c", weakened]
    asked = json.dumps([str(place.root)])
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=60)
    events = {event for event, *_ in json.loads(done.stdout)["seen"]}
    assert {"os.system", "pickle.find_class"} <= events
    assert place.canary.exists()
