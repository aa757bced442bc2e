"""What an operation on a stack did, found or would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from modelyard_infra.admission import Findings

if TYPE_CHECKING:
    from modelyard_infra.costs import Estimate
    from modelyard_infra.policies.rule import Violation

COUNTED = ("create", "update", "replace", "delete")
"""Operations that a document for machines always counts, also those that there are none of."""

AZURE_TYPES = "azure-types"
"""Stands where a rule has its id, for what no rule of ours but Azure's own definitions refuse."""


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that was, or would be, touched."""

    name: str
    kind: str
    """folder, supervisor, service; storage account, subnet, …"""
    operation: str
    """create, update, replace, delete or (folders, which are kept) forget; of a refresh: changed or gone."""
    detail: str = ""
    """What differs, as `setting: old → new`, for people."""
    concern: str = ""
    """What it belongs to in Azure: network, lake, …; empty on this machine."""

    def __str__(self) -> str:
        line = f"{self.operation} {self.kind} {self.name}"
        return f"{line}: {self.detail}" if self.detail else line


@dataclass(frozen=True, slots=True)
class StackResult:
    """The result of preview, up, refresh or down."""

    environment: str
    action: str
    changes: tuple[Change, ...] = ()
    """What was, or would be, done; of a refresh: what was found changed. In the engine's order."""
    found: tuple[Change, ...] = ()
    """What had changed behind the stack's back when the operation began."""
    unchanged: int = 0
    """Resources that were right already."""
    outputs: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    simulated: bool = False
    """Whether it happened in a simulated Azure."""
    refused: tuple[str, ...] = ()
    """Keys of resources that hold data, that the change would replace or remove, and that nobody has acknowledged."""
    estimate: Estimate | None = None
    """Of a preview: what the environment would cost in a month; None on this machine, which costs nothing."""
    findings: Findings = field(default_factory=Findings)
    """Of a preview: broken rules, and what Azure would refuse. Where that stops an update, nothing was planned."""
    examples: tuple[str, ...] = ()
    """Of a preview that is no rehearsal: settings that still hold an example, and must not be provisioned."""
    releases: dict[str, Any] = field(default_factory=dict)
    """What is, or would be, released without a commit, by model."""
    notes: tuple[str, ...] = ()
    """What was, or would be, released or taken back, for people."""

    @property
    def has_changes(self) -> bool:
        """Whether anything was, or would be, touched."""
        return bool(self.changes)

    def judged(self, findings: Findings, *, estimate: Estimate | None, examples: tuple[str, ...]) -> StackResult:
        """The same preview, with what it would cost and what is wrong with it."""
        return replace(self, findings=findings, estimate=estimate, examples=examples)

    @property
    def refusals(self) -> tuple[str, ...]:
        """Each reason why `up` would refuse; none of a result that is no preview."""
        found = [f"Azure would refuse {problem}" for problem in self.findings.problems]
        found += [violation.message for violation in self.findings.mandatory]
        if self.examples:
            found.append(f"example values are left: {', '.join(self.examples)}")
        if self.refused:
            found.append(f"what holds data would be replaced or removed: {', '.join(self.refused)}")
        return tuple(found)

    def command(self, verb: str) -> str:
        """The command line for the same environment."""
        return f"modelyard infra {verb} {self.environment}{' --simulate' if self.simulated else ''}"

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON document."""
        document = asdict(replace(self, estimate=None, findings=Findings()))
        counted = Counter(change.operation for change in self.changes)
        told = {
            "counts": {**dict.fromkeys(COUNTED, 0), **counted},
            "replaced": self._named("replace"),
            "deleted": self._named("delete"),
            "findings": [*self._problems(), *({**asdict(one), "message": one.message} for one in self._violations)],
            "refusals": list(self.refusals),
            "would_be_refused": bool(self.refusals),
            "estimate": self.estimate.to_json() if self.estimate else None,
        }
        return {**document, **told}

    def _named(self, operation: str) -> list[str]:
        return [change.name for change in self.changes if change.operation == operation]

    @property
    def _violations(self) -> list[Violation]:
        """Broken rules, the mandatory ones first."""
        return sorted(self.findings.violations, key=lambda one: one.level != "mandatory")

    def _problems(self) -> list[dict[str, str]]:
        """What Azure's type definitions refuse, told like a broken rule."""
        said = self.findings.problems
        return [{"rule": AZURE_TYPES, "level": "mandatory", "message": f"Azure would refuse {one}"} for one in said]
