"""A newer template for a model folder that people have worked on: what they changed stays, what clashes is marked.

The merge happens in a scratch repository. The folder itself is touched once it is over, and may be in git, or dirty, or
not in git at all.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError, ModelNotFoundError
from modelyard.models.discovery import model_names
from modelyard.models.onboarding.creating import SOURCE, name_source
from modelyard.models.onboarding.templates import ANSWERS, TEMPLATES, commit, git, published, template_versions
from modelyard_bundle.atomic import write_atomically

VERSION_KEY = "_commit"
BEGINS = b"<<<<<<< before updating"
SKIPPED = frozenset({"__pycache__", ".ipynb_checkpoints", ".git"})


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What became of a model folder."""

    model: str
    before: str
    after: str
    changed: tuple[str, ...]
    """Files that are not what they were."""
    conflicts: tuple[str, ...]
    """Places, as `model.py:12`, where the template and people changed the same lines. Both versions are kept there."""
    kept: tuple[str, ...]
    """Notebooks that people have changed, left as they are."""

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            "model": self.model,
            "before": self.before,
            "after": self.after,
            "changed": list(self.changed),
            "conflicts": list(self.conflicts),
            "kept": list(self.kept),
        }


def upgrade_model(workspace: Workspace, name: str, *, templates: Path = TEMPLATES) -> Upgrade:
    """Bring a model folder to the newest template.

    Raises:
        ModelNotFoundError: there is no such folder, or it was not made from a template.
        InvalidModelError: its template is unknown here, or conflicts of an earlier upgrade are still in it.
        MissingToolError: git is not on this machine.
    """
    folder = _folder(workspace, name)
    versions = template_versions(templates)
    before, after = _version(folder, name, versions), versions[-1]
    if before == after:
        return Upgrade(name, before, after, (), (), ())
    _check_conflicts(folder, name)
    with TemporaryDirectory(prefix="modelyard-upgrade-") as scratch, published(templates) as repository:
        merged = Path(scratch) / name
        shutil.copytree(folder, merged, ignore=shutil.ignore_patterns(*SKIPPED))
        _merge(merged, repository, after)
        kept = _keep_notebooks(folder, merged)
        changed = _bring_back(merged, folder)
    return Upgrade(name, before, after, changed, conflicts_in(folder), kept)


def conflicts_in(folder: Path) -> tuple[str, ...]:
    """The places of a folder where an upgrade left two versions, as `model.py:12`."""
    found = []
    for file in _files(folder):
        for number, line in enumerate((folder / file).read_bytes().splitlines(), 1):
            if line.startswith(BEGINS):
                found.append(f"{file}:{number}")
    return tuple(found)


def _folder(workspace: Workspace, name: str) -> Path:
    if name not in model_names(workspace):
        raise ModelNotFoundError(
            f"there is no model {name!r} in {workspace.models}; found {', '.join(model_names(workspace)) or 'none'}",
            hint="modelyard model list",
        )
    folder = workspace.models / name
    if not (folder / ANSWERS).is_file():
        raise ModelNotFoundError(
            f"{folder} was not made from a template: it has no {ANSWERS}",
            hint="models that were written by hand are upgraded by hand; modelyard model new NAME makes one to look at",
        )
    return folder


def _version(folder: Path, name: str, versions: tuple[str, ...]) -> str:
    import yaml

    try:
        answers = yaml.safe_load((folder / ANSWERS).read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidModelError(f"{folder / ANSWERS} is not YAML: {error}", hint="git checkout it") from error
    found = answers.get(VERSION_KEY) if isinstance(answers, dict) else None
    if found not in versions:
        raise InvalidModelError(
            f"{folder / ANSWERS}: {VERSION_KEY} is {found!r}; allowed are the templates of this release: "
            f"{', '.join(versions)}",
            hint=f"upgrade Modelyard if {name} was made by a newer one, or put {ANSWERS} back as it was",
        )
    return str(found)


def _check_conflicts(folder: Path, name: str) -> None:
    left = conflicts_in(folder)
    if left:
        raise InvalidModelError(
            f"{folder} still has conflicts of an earlier upgrade: {', '.join(left)}",
            hint=f"choose one version at each place, then run modelyard model upgrade {name} again",
        )


def _merge(merged: Path, repository: Path, version: str) -> None:
    import copier

    name_source(merged, str(repository))
    git(merged, "init", "--quiet")
    commit(merged, "before")
    copier.run_update(
        merged,
        vcs_ref=version,
        defaults=True,
        overwrite=True,
        conflict="inline",
        quiet=True,
        settings=copier.Settings(),
    )
    name_source(merged, SOURCE)


def _keep_notebooks(folder: Path, merged: Path) -> tuple[str, ...]:
    """A notebook in which two versions stand side by side is no notebook: the one that people changed stays."""
    kept = []
    for file in _files(merged):
        if file.endswith(".ipynb") and (folder / file).is_file() and not _is_json((merged / file).read_bytes()):
            shutil.copyfile(folder / file, merged / file)
            kept.append(file)
    return tuple(kept)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _bring_back(merged: Path, folder: Path) -> tuple[str, ...]:
    changed = []
    for file in _files(merged):
        content = (merged / file).read_bytes()
        if not (folder / file).is_file() or (folder / file).read_bytes() != content:
            write_atomically(folder / file, content)
            changed.append(file)
    for file in set(_files(folder)) - set(_files(merged)):
        (folder / file).unlink()
        changed.append(file)
    return tuple(sorted(changed))


def _files(folder: Path) -> list[str]:
    inside = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return sorted(file.as_posix() for file in inside if not SKIPPED.intersection(file.parts))
