"""The code that a version was trained with: this checkout where it is the same, else a worktree of the commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modelyard.environment.workspace import ROOT_VARIABLE, STATE_VARIABLE, Workspace
from modelyard.errors import NotReproducibleError

UNKNOWN = "unknown"
DIRTY = "-dirty"
"""What provenance adds to a commit where files differed from it."""


@dataclass(frozen=True, slots=True)
class Code:
    """A checkout to train from."""

    root: Path
    exact: bool
    """Whether it is the code that was recorded, down to the last byte, as far as git knows."""
    said: str
    """Which code it is, for people."""

    def environment(self, workspace: Workspace) -> dict[str, str]:
        """The surroundings in which a process runs this code, and sees the state of `workspace`."""
        sources = [str(folder) for folder in sorted(self.root.glob("*/src")) + sorted(self.root.glob("*/*/src"))]
        return {
            **os.environ,
            ROOT_VARIABLE: str(self.root),
            STATE_VARIABLE: str(workspace.state),
            "PYTHONPATH": os.pathsep.join(sources),
        }


@contextmanager
def code_of(workspace: Workspace, commit: str) -> Iterator[Code]:
    """The code of a recorded commit; a worktree is gone when the block ends.

    Raises:
        NotReproducibleError: git cannot make a worktree of the commit.
    """
    root, base = workspace.root, commit.removesuffix(DIRTY)
    changed, head = _git(root, "status", "--porcelain", "--untracked-files=no"), _git(root, "rev-parse", "HEAD")
    if base == UNKNOWN or not head:
        yield Code(root, False, "no commit was recorded, so this checkout was used")
    elif commit != base:
        # Nobody has that code. What was changed then was most likely committed later; the fingerprint will tell.
        yield Code(root, False, f"this checkout, at {head[:12]}; there were changes then that nobody committed")
    elif head == base and not changed:
        yield Code(root, True, f"this checkout, at {base[:12]}")
    elif not _git(root, "cat-file", "-t", f"{base}^{{commit}}"):
        yield Code(root, False, f"this checkout, since commit {base[:12]} is not in this clone")
    else:
        with _worktree(workspace, base) as folder:
            yield Code(folder, True, f"a worktree of {base[:12]}")


@contextmanager
def _worktree(workspace: Workspace, commit: str) -> Iterator[Path]:
    folder = workspace.state / "worktrees" / commit[:12]
    _remove(workspace.root, folder)  # what a kill may have left
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["git", "-C", str(workspace.root), "worktree", "add", "--detach", str(folder), commit],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        if made.returncode:
            raise NotReproducibleError(
                f"git cannot make a worktree of {commit[:12]}: {made.stderr.strip()}",
                hint=f"git worktree prune; git fetch; git cat-file -t {commit[:12]}",
            )
        yield folder
    finally:
        _remove(workspace.root, folder)


def _remove(root: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _git(root, "worktree", "prune")


def _git(root: Path, *words: str) -> str:
    """What git says; nothing where there is no git, or it says no."""
    try:
        said = subprocess.run(["git", "-C", str(root), *words], check=False, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip() if said.returncode == 0 else ""
