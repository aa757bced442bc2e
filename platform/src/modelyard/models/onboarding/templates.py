"""The templates of a model folder: every version that was released, as the git repository that copier wants to see.

The package carries each version as a folder. Copier merges three ways (the old version, the new one, what people made
of it), and knows versions as tags. So the repository is made when it is needed, in a scratch folder, the same one on
every machine; neither the package nor the model folder has to be a repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from modelyard.errors import MissingToolError

TEMPLATES = Path(__file__).parent / "template"
VERSION = re.compile(r"v[1-9]\d*")
ANSWERS = ".copier-answers.yml"
AUTHOR = ("-c", "user.name=Modelyard", "-c", "user.email=modelyard@localhost", "-c", "commit.gpgsign=false")
WHEN = "2013-01-01T00:00:00+0000"
"""Of every commit, so that the same templates give the same repository."""


def template_versions(templates: Path = TEMPLATES) -> tuple[str, ...]:
    """The released versions, oldest first: v1, v2 and so on."""
    found = [folder.name for folder in templates.iterdir() if VERSION.fullmatch(folder.name)]
    return tuple(sorted(found, key=lambda version: int(version[1:])))


@contextmanager
def published(templates: Path = TEMPLATES) -> Iterator[Path]:
    """A repository with one commit and one tag for each version, for as long as the block runs.

    Raises:
        MissingToolError: git is not on this machine.
    """
    with TemporaryDirectory(prefix="modelyard-template-") as scratch:
        root = Path(scratch) / "template"
        root.mkdir()
        git(root, "init", "--quiet")
        for version in template_versions(templates):
            for old in root.iterdir():
                if old.name != ".git":
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
            shutil.copytree(templates / version, root, dirs_exist_ok=True)
            commit(root, version)
            git(root, "tag", version)
        yield root


def commit(root: Path, message: str) -> None:
    """Commits everything in a scratch repository."""
    git(root, "add", "--all", "--force")
    git(root, *AUTHOR, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)


def git(root: Path, *words: str) -> None:
    """One git command in a scratch repository, whatever the user's own settings are.

    Raises:
        MissingToolError: git is not on this machine.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    dates = {"GIT_AUTHOR_DATE": WHEN, "GIT_COMMITTER_DATE": WHEN}
    try:
        subprocess.run(
            ["git", "-C", str(root), *words], check=True, capture_output=True, env={**kept, **settings, **dates}
        )
    except FileNotFoundError as error:
        raise MissingToolError(
            "git is not on this machine; templates are merged with it", hint="install git"
        ) from error
