"""A new model folder: the newest template, filled with what was proposed, and put into its place as a whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidModelError
from modelyard.models.discovery import DECLARATION, find_model
from modelyard.models.onboarding.proposing import Proposal
from modelyard.models.onboarding.templates import ANSWERS, TEMPLATES, published, template_versions
from modelyard.models.splitting import HashSplit, Split
from modelyard_bundle.documents import FEATURE_NAME, MODEL_NAME

LONGEST = 95
"""Letters of a description: it stands on one line of the declaration."""
SOURCE_KEY, SOURCE = "_src_path", "modelyard"
"""What stands in the answers in place of a scratch folder's path."""


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model folder that was just written."""

    name: str
    folder: Path
    files: tuple[str, ...]
    template: str
    lines: int
    """Of the declaration."""


def check_name(workspace: Workspace, name: str) -> None:
    """Refuse a name that is none, or that is taken.

    Raises:
        InvalidModelError: it is.
    """
    if MODEL_NAME.fullmatch(name) is None:
        raise InvalidModelError(
            f"a model cannot be called {name!r}; allowed is {MODEL_NAME.pattern}", hint="modelyard model new NAME"
        )
    folder = workspace.models / name
    if folder.exists():
        raise InvalidModelError(
            f"{name} is taken: {folder} exists", hint=f"choose another name, or modelyard model upgrade {name}"
        )


def _check_words(name: str, *, owner: str, description: str) -> None:
    if not owner.strip():
        raise InvalidModelError(
            "a model has an owner: a team or a person", hint=f"modelyard model new {name} --owner WHO"
        )
    for what, said in (("owner", owner), ("description", description)):
        if len(said) > LONGEST or not said.isprintable() or '"' in said or "\\" in said:
            raise InvalidModelError(
                f"the {what} is {said[:LONGEST]!r}; allowed is one line of at most {LONGEST} letters, "
                "without double quotes and backslashes",
                hint=f"modelyard model new {name} --{what} TEXT",
            )


def create_model(
    workspace: Workspace,
    name: str,
    *,
    purpose: str,
    proposal: Proposal,
    owner: str,
    description: str = "",
    risk: str = "",
    templates: Path = TEMPLATES,
) -> NewModel:
    """Write ml/models/`name`, and nothing else.

    Args:
        workspace: Where the folder goes.
        name: The model's name.
        purpose: The CURATED table that it learns from.
        proposal: What it predicts, and from what.
        owner: Who answers for it.
        description: What it answers, in one sentence; made of the target if none is given.
        risk: minimal, limited or high; as proposed if none is given.
        templates: The released templates.

    Raises:
        InvalidModelError: the name is none or taken, nobody owns it, or the declaration does not hold.
        MissingToolError: git is not on this machine.
    """
    check_name(workspace, name)
    _check_words(name, owner=owner, description=description)
    answers = answers_of(
        name, purpose=purpose, proposal=proposal, owner=owner, description=description, risk=risk or proposal.risk
    )
    version = template_versions(templates)[-1]
    with TemporaryDirectory(prefix="modelyard-model-") as scratch:
        place = Path(scratch) / "ml" / "models" / name
        with published(templates) as repository:
            render(repository, place, answers, version)
        find_model(Workspace(root=Path(scratch), state=Path(scratch)), name)
        workspace.models.mkdir(parents=True, exist_ok=True)
        shutil.copytree(place, workspace.models / name)
    folder = workspace.models / name
    files = tuple(sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()))
    return NewModel(name, folder, files, version, len((folder / DECLARATION).read_text().splitlines()))


def render(repository: Path, place: Path, answers: Mapping[str, Any], version: str) -> None:
    """A template's version, filled with answers, in a folder that is not there yet."""
    import copier

    copier.run_copy(
        str(repository),
        place,
        data=dict(answers),
        vcs_ref=version,
        defaults=True,
        quiet=True,
        settings=copier.Settings(),
    )
    name_source(place, SOURCE)


def name_source(folder: Path, source: str) -> None:
    """Say in a folder's answers where its template is."""
    lines = (folder / ANSWERS).read_text(encoding="utf-8").splitlines()
    told = [f"{SOURCE_KEY}: {source}" if line.startswith(f"{SOURCE_KEY}:") else line for line in lines]
    (folder / ANSWERS).write_text("\n".join(told) + "\n", encoding="utf-8")


def answers_of(
    name: str, *, purpose: str, proposal: Proposal, owner: str, description: str, risk: str
) -> dict[str, Any]:
    """What a template wants to know."""
    target = proposal.target
    return {
        "name": name,
        "purpose": purpose,
        "description": " ".join(description.split()) or described(proposal),
        "task": target.task,
        "target": target.code,
        "labels": list(target.labels),
        "output": target.column if FEATURE_NAME.fullmatch(target.column) else "prediction",
        "numbers": list(proposal.features["number"]),
        "integers": list(proposal.features["integer"]),
        "categories": list(proposal.features["category"]),
        "booleans": list(proposal.features["boolean"]),
        "optional": list(proposal.optional),
        "unknown": list(proposal.unknown),
        "split": split_code(proposal.split.split),
        "split_class": type(proposal.split.split).__name__,
        "split_why": proposal.split.why,
        "slices": list(proposal.slices),
        "left_out": [{"column": column, "why": why} for column, why in proposal.left_out.items()],
        "rows": proposal.rows,
        "owner": " ".join(owner.split()),
        "risk": risk,
    }


def described(proposal: Proposal) -> str:
    """What a model answers, as far as its target tells."""
    target = proposal.target
    words = target.column.replace("_", " ")
    if target.task == "regression":
        return f"The {words} of a row, as a number."
    said = f"The probability that {words} is {target.labels[1]!r}, and not {target.labels[0]!r}."
    plain = len(said) <= LONGEST and '"' not in said and said.isprintable()
    return said if plain else f"The probability of the second label of {words}."[:LONGEST]


def split_code(split: Split) -> str:
    """A split as Python, as people write it."""
    if isinstance(split, HashSplit):
        names = ", ".join(json.dumps(name) for name in split.key)
        return f"HashSplit(key=({names}{',' if len(split.key) == 1 else ''}))"
    parts = [f"column={json.dumps(split.column)}", f'every="{split.every}"']
    parts += [f"validation={split.validation}", f"test={split.test}"]
    return f"TimeSplit({', '.join(parts)})"
