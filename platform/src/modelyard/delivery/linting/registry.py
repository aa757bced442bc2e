"""All rules, in the order in which `modelyard ci lint --rules` shows them."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.delivery.linting.rule import Kind, Rule
from modelyard.delivery.linting.rules import (
    artifacts,
    commands,
    conditions,
    depending,
    deploying,
    entries,
    expanded,
    federated,
    gated,
    named,
    parameters,
    pinned,
    plain,
    secrets,
    standing_in,
    timed,
)

ABOUT = (
    *(
        expanded,
        entries,
        parameters,
        named,
        depending,
        conditions,
        commands,
        plain,
        artifacts,
        secrets,
        pinned,
        timed,
        deploying,
    ),
    *(federated, standing_in, gated),
)
RULES: tuple[Rule, ...] = tuple(rule for about in ABOUT for rule in about.RULES)


def rules_of(kind: Kind) -> Sequence[Rule]:
    """The rules of one kind."""
    return tuple(rule for rule in RULES if rule.kind == kind)
