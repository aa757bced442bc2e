"""Lint: everything that the rules find in the pipelines of a repository."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelyard.delivery.linting.findings import Finding, in_order
from modelyard.delivery.linting.registry import RULES
from modelyard.delivery.linting.repository import any_command
from modelyard.delivery.linting.rule import Rule
from modelyard.delivery.linting.study import CommandCheck, Study
from modelyard.delivery.linting.studying import study_of


def lint(
    root: Path,
    files: Sequence[str] | None = None,
    *,
    commands: CommandCheck = any_command,
    rules: Sequence[Rule] = RULES,
) -> list[Finding]:
    """What is wrong with the pipelines of a repository, by place.

    Args:
        root: the repository.
        files: entry files, from the root. None for azure-pipelines.yml and everything in pipelines/azure.
        commands: says what is wrong with the words after `modelyard`; by default nothing is.
        rules: which rules look.
    """
    return judge(study_of(root, files, commands), rules)


def judge(study: Study, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """What rules find in what was expanded."""
    return in_order([finding for rule in rules for finding in rule.findings(study)])
