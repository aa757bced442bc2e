"""Getting a Pulumi CLI, with stand-ins for Pulumi and Go, and a network that cannot be reached."""

import os
import subprocess
import sys

import pytest

from modelyard.environment.workspace import Workspace
from modelyard.errors import MissingToolError
from modelyard_infra.toolchain import ensure_pulumi
from modelyard_infra.toolchain.cache import cached_root
from modelyard_infra.toolchain.ensuring import tools_root
from modelyard_infra.toolchain.versions import PINNED


def program(file, *lines):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    file.chmod(0o755)
    return file


def pulumi(file, version=PINNED):
    return program(file, f"echo v{version}")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing of ours on it, and no way to the official download."""
    tools = tmp_path / "machine"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("MODELYARD_PULUMI", raising=False)
    return tools


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "root" / "tools" / "pulumi").mkdir(parents=True)
    return Workspace(root=tmp_path / "root", state=tmp_path / "state")


def compiler(machine, version=PINNED):
    """A Go that takes what stands after -o and writes a Pulumi there."""
    return program(
        machine / "go",
        'while [ "$1" != -o ]; do shift; done',
        f'printf "#!/bin/sh\\necho v{version}\\n" > "$2"',
        'chmod +x "$2"',
        f"echo built >> {machine}/builds",
    )


def test_one_on_path_that_is_new_enough_is_taken(machine, workspace):
    pulumi(machine / "pulumi", "3.300.1")
    found = ensure_pulumi(workspace, say=print)
    assert (found.version, found.origin) == ("3.300.1", "PATH")
    link = tools_root(workspace) / "bin" / "pulumi"
    assert link.resolve() == machine / "pulumi"


@pytest.mark.parametrize("version", ["3.100.0", "4.0.0", "dev"])
def test_one_on_path_that_does_not_fit_is_passed_over(machine, workspace, version):
    pulumi(machine / "pulumi", version)
    pulumi(cached_root(PINNED) / "bin" / "pulumi")
    assert ensure_pulumi(workspace, say=print).origin == "cache"


def test_our_own_wrapper_on_path_is_not_taken_for_a_cli(machine, workspace, monkeypatch):
    pulumi(workspace.state / "bin" / "pulumi", "3.300.1")
    pulumi(cached_root(PINNED) / "bin" / "pulumi")
    monkeypatch.setenv("PATH", f"{workspace.state / 'bin'}:{os.environ['PATH']}")
    assert ensure_pulumi(workspace, say=print).origin == "cache"


def test_the_one_that_is_named_wins(machine, workspace, monkeypatch, tmp_path):
    pulumi(machine / "pulumi", "3.300.1")
    monkeypatch.setenv("MODELYARD_PULUMI", str(pulumi(tmp_path / "own" / "pulumi", "3.260.0")))
    assert ensure_pulumi(workspace, say=print).version == "3.260.0"


def test_a_named_one_that_does_not_work_is_refused(machine, workspace, monkeypatch, tmp_path):
    monkeypatch.setenv("MODELYARD_PULUMI", str(tmp_path / "nothing"))
    with pytest.raises(MissingToolError, match="which is no working Pulumi CLI"):
        ensure_pulumi(workspace, say=print)
    monkeypatch.setenv("MODELYARD_PULUMI", str(pulumi(tmp_path / "old", "3.1.0")))
    with pytest.raises(MissingToolError, match=r"which is Pulumi 3\.1\.0; 3\.255\.0 or a later version 3 is needed"):
        ensure_pulumi(workspace, say=print)


def test_without_download_and_go_one_sentence_says_what_to_do(machine, workspace):
    with pytest.raises(MissingToolError) as refused:
        ensure_pulumi(workspace, say=print)
    assert "https://get.pulumi.com cannot be reached" in refused.value.message
    assert "no Go compiler" in refused.value.message
    assert "install Pulumi 3.255.0 or later" in refused.value.hint


def test_it_is_built_once_and_then_found_in_the_cache_by_every_checkout(machine, workspace, tmp_path):
    compiler(machine)
    told = []
    first = ensure_pulumi(workspace, say=told.append)
    assert (first.origin, first.path) == ("Go module proxy", cached_root(PINNED) / "bin" / "pulumi")
    assert any("building instead" in line for line in told)
    other = Workspace(root=tmp_path / "another", state=tmp_path / "another" / ".modelyard")
    assert ensure_pulumi(other, say=print).origin == "cache"
    assert (machine / "builds").read_text() == "built\n"


def test_a_broken_one_in_the_cache_is_replaced(machine, workspace):
    compiler(machine)
    program(cached_root(PINNED) / "bin" / "pulumi", "exit 1")
    assert ensure_pulumi(workspace, say=print).origin == "Go module proxy"


def test_a_build_that_fails_is_told_and_leaves_nothing_in_the_cache(machine, workspace):
    program(machine / "go", 'echo "mirror.example.org: no such host" >&2', "exit 1")
    with pytest.raises(MissingToolError, match=r"so did the build \(mirror.example.org: no such host\)"):
        ensure_pulumi(workspace, say=print)
    assert [path.name for path in cached_root(PINNED).parent.iterdir()] == [f"{PINNED}.lock"]


def test_a_build_that_gives_another_version_is_refused(machine, workspace):
    compiler(machine, "3.0.0")
    with pytest.raises(MissingToolError, match=f"does not say that it is version {PINNED}"):
        ensure_pulumi(workspace, say=print)


def test_two_at_once_build_once(machine, workspace):
    compiler(machine)
    code = (
        "import sys; from pathlib import Path\n"
        "from modelyard.environment.workspace import Workspace\n"
        "from modelyard_infra.toolchain import ensure_pulumi\n"
        "root, state = map(Path, sys.argv[1:])\n"
        "print(ensure_pulumi(Workspace(root=root, state=state), say=lambda line: None).version)\n"
    )
    command = [sys.executable, "-c", code, str(workspace.root)]
    running = [
        subprocess.Popen([*command, str(workspace.state / name)], stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in running] == [PINNED, PINNED]
    assert (machine / "builds").read_text() == "built\n"
