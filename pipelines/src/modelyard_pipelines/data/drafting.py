"""A new source: a folder with the contract that a sample of it suggests, proven on that sample before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from modelyard.environment.workspace import Workspace
from modelyard.errors import InvalidSettingsError, SampleRefusedError
from modelyard.gates.drafting.draft import Draft, Wishes, clean_names, draft_contract
from modelyard.gates.drafting.sample import read_sample
from modelyard.gates.drafting.writing import render_contract
from modelyard.gates.judge import judge
from modelyard.gates.loading import load_contract
from modelyard.gates.rules.compiled import CompiledEngine
from modelyard_bundle.atomic import write_atomically
from modelyard_bundle.documents import MODEL_NAME
from modelyard_pipelines.purposes.catalog import purpose_names
from modelyard_pipelines.sources.catalog import CONTRACT, source_names


@dataclass(frozen=True, slots=True)
class NewSource:
    """A source that was just written."""

    draft: Draft
    contract: Path

    @property
    def next_steps(self) -> tuple[str, ...]:
        """The commands that follow."""
        name = self.draft.source
        return (f"modelyard data ingest {name}", f"modelyard data curate {name}", f"modelyard model new {name}")

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        draft = self.draft
        return {
            "source": draft.source,
            "contract": str(self.contract),
            "rows": draft.rows,
            "key": list(draft.key),
            "delivery": draft.delivery,
            "columns": [_column(one.to_document(), one.clean_name) for one in draft.columns],
            "review": list(draft.review),
            "next": list(self.next_steps),
        }


def new_source(workspace: Workspace, name: str, file: Path, *, wishes: Wishes | None = None) -> NewSource:
    """Write the folder of a source that nobody has described yet.

    Args:
        workspace: Where the folder goes.
        name: The source's name.
        file: A sample: CSV, Parquet or JSON lines.
        wishes: What is known already; it goes before what the sample suggests.

    Raises:
        InvalidSettingsError: the name is taken, or is none.
        SampleRefusedError: the file cannot be read, or says too little.
    """
    _check_name(workspace, name)
    sample = read_sample(file)
    draft = draft_contract(name, sample, path=_place(workspace, file), wishes=wishes)
    text = render_contract(draft)
    _prove(text, file)
    contract = workspace.sources / name / CONTRACT
    write_atomically(contract, text.encode())
    return NewSource(draft, contract)


def _check_name(workspace: Workspace, name: str) -> None:
    if MODEL_NAME.fullmatch(name) is None:
        plain = clean_names([name])[name]
        raise InvalidSettingsError(
            f"a source cannot be called {name!r}; allowed is {MODEL_NAME.pattern}",
            hint=f"modelyard data new {plain} --from FILE",
        )
    taken = {*source_names(workspace), *purpose_names(workspace)}
    if name in taken or (workspace.sources / name).exists():
        raise InvalidSettingsError(
            f"{name} is taken: {workspace.sources / name} or a purpose of this name exists; "
            f"taken are {', '.join(sorted(taken))}",
            hint=f"choose another name, or offer the file to what is there: modelyard data ingest {name} --file FILE",
        )


def _place(workspace: Workspace, file: Path) -> str:
    """The sample's place as a contract says it: relative where it lies in the workspace."""
    place = file.resolve()
    return str(place.relative_to(workspace.root)) if place.is_relative_to(workspace.root) else str(place)


def _prove(text: str, file: Path) -> None:
    """A draft that its own sample does not keep would be refused at the first ingest: better say so now."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / CONTRACT
        path.write_text(text, encoding="utf-8")
        contract = load_contract(path)
    found = judge(file, contract, history=(), stored_keys=pl.DataFrame, rules=CompiledEngine())
    if not found.report.accepted:
        raise SampleRefusedError(
            f"{file} does not keep the contract that was drafted from it: {found.report.summary()}",
            hint="this is a fault of Modelyard's: report it with the file's first rows",
        )


def _column(document: Mapping[str, Any], clean_name: str) -> dict[str, Any]:
    return {
        "name": document["name"],
        "clean_name": clean_name,
        "type": document["physicalType"],
        "key": document.get("primaryKeyPosition"),
        "personal": document.get("classification") == "personal",
        "description": document["description"],
    }
