"""Where we differ from checkov, and why: infra/checkov/ENVIRONMENT.yaml.

checkov wants the same of dev and prod, and some of what it wants costs more than it gives here. Each difference is
written down with its reason; what is not written down fails, and so does what no longer differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modelyard.errors import InvalidSettingsError
from modelyard_infra.checkov.running import Finding, Report

FOLDER = Path("infra") / "checkov"
SHORTEST_REASON = 20
"""Characters of a reason that says something."""


class Justification(BaseModel):
    """One check that may fail, on which resources, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str = Field(pattern=r"^CKV2?_AZURE_\d+$")
    """Its id."""
    resource: str = Field(min_length=1)
    """Key of the blueprint's resource; * stands for any characters."""
    reason: str = Field(min_length=SHORTEST_REASON)
    """Why that is right here."""

    def covers(self, finding: Finding, key: str) -> bool:
        """Whether it speaks of this finding."""
        return finding.check == self.check and fnmatchcase(key, self.resource)


class Justified(BaseModel):
    """What one environment's file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks_at_least: dict[str, int]
    """By framework, how many checks must have run: an empty run is no good run."""
    may_fail: tuple[Justification, ...]
    """The differences."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is left of a report when the reasons are heard."""

    environment: str
    ran: Mapping[str, int]
    """Checks that ran, by framework."""
    failed: Mapping[Finding, str]
    """Every failed check, with its reason; an empty reason is none."""
    problems: tuple[str, ...]
    """Why the environment does not pass. Empty: it passes."""

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        failed = [
            {"framework": one.framework, "check": one.check, "resource": one.resource, "reason": reason}
            for one, reason in self.failed.items()
        ]
        return {
            "environment": self.environment,
            "ran": dict(self.ran),
            "failed": failed,
            "problems": list(self.problems),
        }


def load_justified(root: Path, environment: str) -> Justified:
    """The differences of an environment.

    Raises:
        InvalidSettingsError: the file is missing, or says something that is not allowed.
    """
    path = root / FOLDER / f"{environment}.yaml"
    hint = f"edit {FOLDER / path.name}"
    if not path.is_file():
        raise InvalidSettingsError(
            f"{path} is missing: it holds the reasons why {environment} may fail a check", hint=hint
        )
    try:
        return Justified.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise InvalidSettingsError(f"{path}: {error}", hint=hint) from None


def judge(report: Report, justified: Justified, *, environment: str, keys: Mapping[str, str]) -> Verdict:
    """A report, heard against the reasons.

    Args:
        report: what checkov said of one environment.
        justified: its reasons.
        environment: its name.
        keys: the blueprint's key of each resource that checkov may name.
    """
    reasons = {finding: _reason(finding, justified, keys) for finding in report.failed}
    ran = {framework: report.ran(framework) for framework in justified.checks_at_least}
    problems = [*_unjustified(reasons), *_unused(report, justified, keys), *_too_few(ran, justified)]
    return Verdict(environment, ran, reasons, tuple(problems))


def key_of(finding: Finding, keys: Mapping[str, str]) -> str:
    """The blueprint's key of a finding's resource; checkov's own name where there is none."""
    return keys.get(finding.resource, finding.resource)


def _reason(finding: Finding, justified: Justified, keys: Mapping[str, str]) -> str:
    heard = (one.reason for one in justified.may_fail if one.covers(finding, key_of(finding, keys)))
    return next(heard, "")


def _unjustified(reasons: Mapping[Finding, str]) -> Iterator[str]:
    for finding, reason in reasons.items():
        if not reason:
            yield f"{finding.check} fails on {finding.resource} ({finding.framework}): {finding.title}"


def _unused(report: Report, justified: Justified, keys: Mapping[str, str]) -> Iterator[str]:
    for one in justified.may_fail:
        if not any(one.covers(finding, key_of(finding, keys)) for finding in report.failed):
            yield f"the reason for {one.check} on {one.resource} is not needed: no such check fails"


def _too_few(ran: Mapping[str, int], justified: Justified) -> Iterator[str]:
    for framework, least in justified.checks_at_least.items():
        if ran[framework] < least:
            yield f"{ran[framework]} checks ran over {framework}, {least} at least should have"
