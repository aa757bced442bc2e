"""The sources of a rehearsal: what is committed, never what is only in the developer's working tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import ConfigurationError

KEPT = (".venv", ".modelyard/tools", ".modelyard/bin", ".modelyard/setup.stamp")
"""The tools: what setting up put there, and the mark that says so. An agent of the service would restore them."""
NO_PUSH = "no-push-from-a-rehearsal"
ALONE: Mapping[str, str] = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True, slots=True)
class Commit:
    """What is rehearsed."""

    digest: str
    branch: str
    """Empty where no branch is checked out."""
    message: str
    author: str
    changed: tuple[str, ...] = ()
    """Files of the working tree that differ from it."""


def head_of(root: Path) -> Commit:
    """The commit that a working tree is at.

    Raises:
        ConfigurationError: it is no git repository, or has no commit.
    """
    shown = _git(root, "log", "-1", "--format=%H%n%an%n%s")
    digest, author, message = (*shown.splitlines(), "", "")[:3]
    branch = _git(root, "branch", "--show-current")
    changed = _git(root, "status", "--porcelain=v1", "-z", "--untracked-files=normal")
    return Commit(digest, branch, message, author, tuple(entry[3:] for entry in changed.split("\0") if entry))


def check_out(root: Path, commit: Commit, folder: Path) -> None:
    """Clones the commit into a folder. Nothing can be pushed from there."""
    if not folder.is_dir():
        torn = folder.with_name(f".{folder.name}")
        shutil.rmtree(torn, ignore_errors=True)
        _git(root, "clone", "--quiet", "--no-checkout", "--", str(root), str(torn))
        _git(torn, "remote", "set-url", "--push", "origin", NO_PUSH)
        branch = ("-B", commit.branch) if commit.branch else ("--detach",)
        _git(torn, "checkout", "--quiet", *branch, commit.digest)
        torn.replace(folder)


def make_pristine(folder: Path, digest: str) -> None:
    """Brings a checkout back to its commit: only the tools stay, so that nothing but artifacts goes across agents."""
    _git(folder, "reset", "--hard", "--quiet", digest)
    _git(folder, "clean", "-ffdxq", *(part for kept in KEPT for part in ("-e", kept)))


def _git(folder: Path, *words: str) -> str:
    passed = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
            env={**passed, **ALONE},
        )
    except FileNotFoundError as error:
        raise ConfigurationError("git is not on PATH", hint="install it") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        raise ConfigurationError(
            f"git {words[0]} failed in {folder}: {said[-1] if said else f'exit code {error.returncode}'}",
            hint="a rehearsal runs what is committed: see `git status`",
        ) from error
    return done.stdout.strip("\n")
