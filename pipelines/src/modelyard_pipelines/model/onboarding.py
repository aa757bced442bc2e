"""A new model from what CURATED holds: proposed from the table and from what its source's contract knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modelyard.composition import Platform
from modelyard.errors import PurposeNotFoundError
from modelyard.gates.contract import Contract
from modelyard.gates.drafting.identifying import is_identifier
from modelyard.models.onboarding.creating import NewModel, create_model
from modelyard.models.onboarding.proposing import Known, Proposal, Wanted, propose
from modelyard_pipelines.model.checking import curated_table
from modelyard_pipelines.purposes.catalog import Purpose, find_purpose, purpose_names
from modelyard_pipelines.sources.catalog import find_source


@dataclass(frozen=True, slots=True)
class Onboarded:
    """A model folder, and what a person should look at before trusting it."""

    made: NewModel
    proposal: Proposal

    @property
    def review(self) -> tuple[str, ...]:
        """One sentence for each thing to look at."""
        proposal = self.proposal
        found = [f"target: {proposal.target.said}, {proposal.target.task}", f"split: {proposal.split.why}"]
        found += [f"{column} is left out: {why}" for column, why in proposal.left_out.items()]
        found.append("features: each must be known when the prediction is made; take out what is not")
        return (*found, "thresholds: the template's; set them to what the decision needs")

    @property
    def next_steps(self) -> tuple[str, ...]:
        """The commands that follow."""
        name = self.made.name
        return (f"modelyard model check {name}", f"modelyard model train {name}", f"modelyard model stage {name}")

    def to_json(self) -> dict[str, Any]:
        """The result for machines."""
        proposal = self.proposal
        return {
            "model": self.made.name,
            "folder": str(self.made.folder),
            "files": list(self.made.files),
            "template": self.made.template,
            "lines": self.made.lines,
            "target": proposal.target.said,
            "task": proposal.target.task,
            "split": proposal.split.why,
            "features": {kind: list(names) for kind, names in proposal.features.items()},
            "left_out": dict(proposal.left_out),
            "review": list(self.review),
            "next": list(self.next_steps),
        }


def likely_purpose(platform: Platform, name: str) -> str:
    """The purpose that a new model most likely learns from: the one of its name, else the only one there is.

    Raises:
        PurposeNotFoundError: nobody could tell.
    """
    names = purpose_names(platform.workspace)
    if name in names:
        return name
    if len(names) == 1:
        return names[0]
    raise PurposeNotFoundError(
        f"no purpose is called {name!r}, so somebody must say what the model learns from; found {', '.join(names)}",
        hint=f"modelyard model new {name} --purpose PURPOSE",
    )


def proposal_for(platform: Platform, purpose: str, wanted: Wanted) -> Proposal:
    """What a model of a purpose may look like.

    Raises:
        PurposeNotFoundError: there is no such purpose.
        TableNotFoundError: it was not curated yet.
        InvalidModelError: a column that somebody named is none, or nothing can be predicted, or from nothing.
        DataNotReadyError: there are too few rows to learn from and to judge by.
    """
    found = find_purpose(purpose, platform.workspace)
    return propose(curated_table(platform, purpose), known=known_of(platform, found), wanted=wanted)


def onboard(
    platform: Platform,
    name: str,
    *,
    purpose: str,
    proposal: Proposal,
    owner: str,
    description: str = "",
    risk: str = "",
) -> Onboarded:
    """Writes the folder of a new model, from the newest template.

    Raises:
        InvalidModelError: the name is none or taken, or what was said does not fit the table.
    """
    made = create_model(
        platform.workspace,
        name,
        purpose=purpose,
        proposal=proposal,
        owner=owner,
        description=description,
        risk=risk,
    )
    return Onboarded(made, proposal)


def known_of(platform: Platform, purpose: Purpose) -> Known:
    """What the contracts of a purpose's sources know of its table."""
    contracts = [find_source(name, platform.workspace).contract for name in purpose.sources]
    naming = [name for contract in contracts for name in _naming(contract)]
    return Known(
        key=purpose.key,
        naming=tuple(dict.fromkeys(naming)),
        personal=any(contract.personal for contract in contracts),
    )


def _naming(contract: Contract) -> list[str]:
    """The columns of CLEAN that name an entity: pseudonyms first, then keys, then what is called like an identifier."""
    columns = [column for column in contract.columns if column.clean != "drop"]
    named = [column for column in columns if column.clean == "hash"]
    named += [
        column for column in columns if column.physical in {"string", "int", "bigint"} and column.name in contract.key
    ]
    named += [
        column for column in columns if is_identifier(column.name) and column.physical in {"string", "int", "bigint"}
    ]
    return [column.clean_name or column.name for column in named]
