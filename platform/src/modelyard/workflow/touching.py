"""Which models a change is about: their own folders, what their data is made of, and what all of them stand on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from modelyard.workflow.subjects import Each, Subjects

FOLDERS: tuple[tuple[str, Each], ...] = (
    ("ml/models", "model"),
    ("pipelines/src/modelyard_pipelines/purposes", "purpose"),
    ("pipelines/src/modelyard_pipelines/sources", "source"),
)
"""Where each of a kind has a folder that is called as it."""
UNDER_ALL = (
    "uv.lock",
    "pyproject.toml",
    "ml/training",
    "ml/steps",
    "ml/bundle",
    "ml/serving",
    "platform",
    "pipelines/src",
    "pipelines/pyproject.toml",
)
"""What every model is trained, released or served with."""


def touched(subjects: Subjects, paths: Iterable[str]) -> dict[str, str]:
    """The models that changed files have to do with, each with the first file that says so.

    Args:
        subjects: the models, their purposes and the sources of these.
        paths: changed files, relative to the checkout, with slashes.
    """
    reasons: dict[str, str] = {}
    for path in sorted(paths):
        for model in _models(subjects, path):
            reasons.setdefault(model, path)
    return dict(sorted(reasons.items()))


def _models(subjects: Subjects, path: str) -> tuple[str, ...]:
    for folder, each in FOLDERS:
        name = _below(path, folder)
        if name in subjects.of(each):
            return subjects.related(each, name, "model")
        if name:
            # A folder that is gone, or one that nothing uses, has to do with no model; a file beside the folders
            # belongs to all of them.
            return () if PurePosixPath(path).parent != PurePosixPath(folder) else tuple(subjects.models)
    return tuple(subjects.models) if any(path == one or path.startswith(f"{one}/") for one in UNDER_ALL) else ()


def _below(path: str, folder: str) -> str:
    """The first name below a folder; empty where the path lies elsewhere."""
    return path.removeprefix(f"{folder}/").partition("/")[0] if path.startswith(f"{folder}/") else ""
