"""What changed in a checkout since a commit, as git says it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TARGET_VARIABLES = ("SYSTEM_PULLREQUEST_TARGETBRANCH", "GITHUB_BASE_REF")
"""The branch that a pull request is to be merged into, as Azure Pipelines and GitHub Actions say it."""
FIRST_PARENT = "HEAD^1"


@dataclass(frozen=True, slots=True)
class Changes:
    """The files that changed, or why that cannot be said."""

    since: str
    """What was compared with: a commit, named as people would."""
    paths: tuple[str, ...] = ()
    """Changed, added and removed files, committed or not; relative to the checkout."""
    unknown: str = ""
    """Why nothing can be said; empty where it can."""


def changes(root: Path, *, since: str = "", surroundings: Mapping[str, str] | None = None) -> Changes:
    """The files that changed since a commit, those that are not committed yet among them.

    Args:
        root: the checkout.
        since: the commit. Unless given: where a pull request left its target, elsewhere the commit before.
        surroundings: environment variables, in which a pipeline says what a pull request is merged into.
    """
    around = os.environ if surroundings is None else surroundings
    target = next((around[name] for name in TARGET_VARIABLES if around.get(name)), "")
    if not _git(root, "rev-parse", "--is-inside-work-tree"):
        return Changes(since or FIRST_PARENT, unknown=f"{root} is no checkout of git, or there is no git")
    if since or not target:
        wanted = since or FIRST_PARENT
        return _between(root, wanted, _git(root, "rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}"))
    branch = target.removeprefix("refs/heads/")
    named = f"where it left {branch}"
    if _git(root, "rev-parse", "--is-shallow-repository") == "true":
        return Changes(named, unknown="the clone is shallow, so the commit is not in it (fetchDepth: 0 makes it whole)")
    return _between(root, named, next(_bases(root, branch), ""))


def _bases(root: Path, branch: str) -> Iterator[str]:
    for name in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        if base := _git(root, "merge-base", name, "HEAD"):
            yield base


def _between(root: Path, named: str, base: str | None) -> Changes:
    if not base:
        return Changes(named, unknown="there is no such commit in this clone")
    listed = _git(root, "diff", "--name-only", "--no-renames", "-z", base)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    if listed is None or new is None:
        return Changes(named, unknown="git cannot compare with it")
    return Changes(named, tuple(sorted({path for path in f"{listed}\0{new}".split("\0") if path})))


def _git(root: Path, *words: str) -> str | None:
    """What git says; None where it says no."""
    try:
        ended = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        return None
    return ended.stdout.strip("\n") if ended.returncode == 0 else None
