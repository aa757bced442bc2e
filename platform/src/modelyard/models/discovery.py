"""Finding models: every folder under ml/models with a model.py is one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType

from modelyard.environment.owned_modules import run_module
from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError, ModelNotFoundError
from modelyard.models.spec import ModelSpec

DECLARATION = "model.py"


def model_names(workspace: Workspace) -> tuple[str, ...]:
    """The names of all models, sorted."""
    return tuple(sorted(file.parent.name for file in workspace.models.glob(f"[!._]*/{DECLARATION}")))


def find_model(workspace: Workspace, name: str) -> ModelSpec:
    """The declaration of the model `name`.

    Raises:
        ModelNotFoundError: there is no such folder.
        InvalidModelError: its model.py cannot be run, has no MODEL, or declares another name.
    """
    file = _declaration(workspace, name)
    found = getattr(_run(file, name), "MODEL", None)
    if not isinstance(found, ModelSpec):
        raise InvalidModelError(
            f"{file}: MODEL must be a ModelSpec, found {type(found).__name__}", hint="declare MODEL = ModelSpec(...)"
        )
    if found.name != name:
        raise InvalidModelError(
            f"{file}: the declared name is {found.name!r}, the folder's is {name!r}", hint="give both the same name"
        )
    return found


def source_digest(workspace: Workspace, name: str) -> str:
    """SHA-256 over the Python files of the model's folder: a model that changed in code is another model.

    Raises:
        ModelNotFoundError: there is no such folder.
    """
    folder = _declaration(workspace, name).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _declaration(workspace: Workspace, name: str) -> Path:
    names = model_names(workspace)
    if name not in names:
        raise ModelNotFoundError(
            f"there is no model {name!r} in {workspace.models}; found {', '.join(names) or 'none'}",
            hint="modelyard model list",
        )
    return workspace.models / name / DECLARATION


def _run(file: Path, name: str) -> ModuleType:
    """Run a declaration as a module of its own; nothing of an earlier run is reused."""
    try:
        return run_module(file, f"modelyard_models.{name}")
    except InvalidModelError:
        raise
    except Exception as error:
        raise InvalidModelError(
            f"{file} cannot be run: {type(error).__name__}: {error}", hint=f"python {file}"
        ) from error
